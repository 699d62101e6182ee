package schema

import "slices"

// vocabulary is a list of values of the specification. An extensible one also
// takes terms of the form ext:….
type vocabulary struct {
	name       string
	terms      []string
	extensible bool

	names names // of terms, compiled
}

func (v *vocabulary) holds(term []byte) bool {
	return v.names.find(term) >= 0 || v.extensible && isExtensionTerm(term)
}

// The vocabularies of Open Badges 3.0 §B.2.
var (
	achievementTypes = vocabulary{name: "AchievementType", extensible: true, terms: []string{
		"Achievement", "ApprenticeshipCertificate", "Assessment", "Assignment", "AssociateDegree", "Award", "Badge",
		"BachelorDegree", "Certificate", "CertificateOfCompletion", "Certification", "CommunityService", "Competency",
		"Course", "CoCurricular", "Degree", "Diploma", "DoctoralDegree", "Fieldwork", "GeneralEducationDevelopment",
		"JourneymanCertificate", "LearningProgram", "License", "Membership", "ProfessionalDoctorate",
		"QualityAssuranceCredential", "MasterCertificate", "MasterDegree", "MicroCredential", "ResearchDoctorate",
		"SecondarySchoolDiploma",
	}}
	alignmentTargetTypes = vocabulary{name: "AlignmentTargetType", extensible: true, terms: []string{
		"ceasn:Competency", "ceterms:Credential", "CFItem", "CFRubric", "CFRubricCriterion", "CFRubricCriterionLevel", "CTDL",
	}}
	identifierTypes = vocabulary{name: "IdentifierTypeEnum", extensible: true, terms: []string{
		"name", "sourcedId", "systemId", "productId", "userName", "accountId", "emailAddress", "nationalIdentityNumber",
		"isbn", "issn", "lisSourcedId", "oneRosterSourcedId", "sisSourcedId", "ltiContextId", "ltiDeploymentId",
		"ltiToolId", "ltiPlatformId", "ltiUserId", "identifier",
	}}
	resultTypes = vocabulary{name: "ResultType", extensible: true, terms: []string{
		"GradePointAverage", "LetterGrade", "Percent", "PerformanceLevel", "PredictedScore", "RawScore", "Result",
		"RubricCriterion", "RubricCriterionLevel", "RubricScore", "ScaledScore", "Status",
	}}
	resultStatusTypes = vocabulary{name: "ResultStatusType", terms: []string{
		"Completed", "Enrolled", "Failed", "InProgress", "OnHold", "Provisional", "Withdrew",
	}}
)

// AchievementTypes lists the achievement types of Open Badges 3.0. Terms of the
// form ext:… are allowed besides.
func AchievementTypes() []string { return slices.Clone(achievementTypes.terms) }

// IdentifierTypes lists the identifier types of Open Badges 3.0. Terms of the
// form ext:… are allowed besides.
func IdentifierTypes() []string { return slices.Clone(identifierTypes.terms) }
