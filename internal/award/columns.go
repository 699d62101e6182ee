package award

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Field is what a column can hold.
type Field string

// Fields of a row. A name is put together from its parts where there is no
// column for the whole.
const (
	FieldEmail       Field = "email"
	FieldID          Field = "id"
	FieldName        Field = "name"
	FieldGivenName   Field = "givenName"
	FieldInfix       Field = "infix"
	FieldFamilyName  Field = "familyName"
	FieldValidFrom   Field = "validFrom"
	FieldValidUntil  Field = "validUntil"
	FieldAwardedDate Field = "awardedDate"
	FieldEvidence    Field = "evidence"
)

// Fields are all of them.
var Fields = []Field{
	FieldEmail, FieldID, FieldName, FieldGivenName, FieldInfix, FieldFamilyName,
	FieldValidFrom, FieldValidUntil, FieldAwardedDate, FieldEvidence,
}

// headings are the words by which a column is recognised, reduced to letters
// and digits in lower case: English and Dutch, and some German, French and
// Spanish.
var headings = map[Field][]string{
	FieldEmail: {
		"email", "emailaddress", "mail", "mailaddress", "recipientemail", "studentemail", "emailrecipient", "emailstudent",
		"emailadres", "mailadres", "adresemail", "eadres", "emailontvanger", "emaildeelnemer", "emailcursist",
		"emailadresse", "mailadresse", "courriel", "adresseemail", "adressemail", "correo", "correoelectronico", "correoelectrónico",
	},
	FieldID: {"did", "recipientid", "recipientdid", "walletdid", "identifierdid"},
	FieldName: {
		"name", "fullname", "recipientname", "recipient", "studentname", "displayname", "participant", "participantname", "student",
		"naam", "volledigenaam", "naamstudent", "studentnaam", "naamdeelnemer", "deelnemer", "ontvanger", "naamontvanger", "cursist",
		"nom", "nomcomplet", "vollständigername", "nombre", "nombrecompleto",
	},
	FieldGivenName:  {"givenname", "firstname", "forename", "voornaam", "roepnaam", "vorname", "prénom", "prenom"},
	FieldInfix:      {"infix", "tussenvoegsel", "tussenvoegsels", "voorvoegsel", "voorvoegsels", "tussenv", "tv"},
	FieldFamilyName: {"familyname", "lastname", "surname", "achternaam", "familienaam", "nachname", "familienname", "nomdefamille", "apellido", "apellidos"},
	FieldValidFrom:  {"validfrom", "startdate", "geldigvanaf", "geldigvan", "ingangsdatum"},
	FieldValidUntil: {
		"validuntil", "validto", "expires", "expiry", "expirydate", "expirationdate", "expiration",
		"geldigtot", "geldigtotenmet", "geldigtm", "verloopt", "verloopdatum", "vervaldatum", "einddatum", "gültigbis",
	},
	FieldAwardedDate: {
		"awardeddate", "dateawarded", "awarddate", "awarded", "awardedon", "dateofaward",
		"behaaldop", "datumbehaald", "behaald", "uitgereiktop", "datumuitreiking", "uitreikdatum", "toegekendop", "datumtoekenning",
	},
	FieldEvidence: {"evidence", "evidenceurl", "evidencelink", "bewijs", "bewijsstuk", "bewijsurl", "bewijslink"},
}

// Column says which column holds a field.
type Column struct {
	Field Field `json:"field"`
	// Column counts from 1; Letter is how a spreadsheet calls it.
	Column int    `json:"column"`
	Letter string `json:"letter"`
	// Heading is what stands at its top.
	Heading string `json:"heading"`
}

// mapping is where the fields are.
type mapping struct {
	columns []Column // in the order of Fields
	ignored []string // headings of the others
}

func (m mapping) column(f Field) int {
	for _, c := range m.columns {
		if c.Field == f {
			return c.Column
		}
	}
	return 0
}

// whom reports whether it can be told from a row who is meant.
func (m mapping) whom() bool { return m.column(FieldEmail) > 0 || m.column(FieldID) > 0 }

// reduced is a heading without what differs from one spreadsheet to the next.
func reduced(heading string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// fieldOf recognises the heading of a column.
func fieldOf(heading string) (Field, bool) {
	word := reduced(heading)
	for _, f := range Fields {
		if slices.Contains(headings[f], word) {
			return f, true
		}
	}
	return "", false
}

// recognised counts the cells that are headings of fields.
func recognised(cells []string) int {
	n := 0
	for _, cell := range cells {
		if _, ok := fieldOf(cell); ok {
			n++
		}
	}
	return n
}

// mapColumns finds the fields under the headings: those that somebody has said,
// and then those that are recognised. The error is a *fileError.
func mapColumns(headings []string, said map[Field]string) (mapping, error) {
	at := make(map[Field]int)
	for field, heading := range said {
		if !slices.Contains(Fields, field) {
			return mapping{}, fileFault("field_unknown")
		}
		if heading == "" {
			at[field] = 0 // there is to be none
			continue
		}
		column, err := findColumn(headings, heading)
		if err != nil {
			return mapping{}, err
		}
		at[field] = column
	}
	taken := make(map[int]bool)
	for _, column := range at {
		taken[column] = true
	}
	for i, heading := range headings {
		field, ok := fieldOf(heading)
		if _, told := said[field]; !ok || told || taken[i+1] {
			continue
		}
		if at[field] != 0 {
			return mapping{}, fileFault("column_ambiguous").in(i + 1)
		}
		at[field] = i + 1
	}
	return newMapping(headings, at), nil
}

// findColumn finds a column by its heading, or by its letter where no heading
// is that letter.
func findColumn(headings []string, wanted string) (int, error) {
	found := 0
	for i, heading := range headings {
		if strings.TrimSpace(heading) != strings.TrimSpace(wanted) {
			continue
		}
		if found > 0 {
			return 0, fileFault("column_ambiguous").in(i + 1)
		}
		found = i + 1
	}
	for i := range headings {
		if found == 0 && letters(i+1) == wanted {
			return i + 1, nil
		}
	}
	if found == 0 {
		return 0, fileFault("column_unknown")
	}
	return found, nil
}

func newMapping(headings []string, at map[Field]int) mapping {
	var m mapping
	used := make(map[int]bool)
	for _, field := range Fields {
		column := at[field]
		if column == 0 {
			continue
		}
		used[column] = true
		m.columns = append(m.columns, Column{Field: field, Column: column, Letter: letters(column), Heading: headings[column-1]})
	}
	for i, heading := range headings {
		if !used[i+1] && strings.TrimSpace(heading) != "" {
			m.ignored = append(m.ignored, heading)
		}
	}
	return m
}

// letters is how a spreadsheet calls a column: A to Z, AA and so on.
func letters(column int) string {
	name := ""
	for column > 0 {
		column--
		name = string(rune('A'+column%26)) + name
		column /= 26
	}
	return name
}

// cellName is how a spreadsheet calls a cell, or a row.
func cellName(column, row int) string {
	if column == 0 {
		return strconv.Itoa(row)
	}
	return letters(column) + strconv.Itoa(row)
}
