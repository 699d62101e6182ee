package schema

import "strings"

// Roots of the table, by version and kind.
var credentials [V2 + 1][KindEnveloped + 1]*class

// The classes of presentations, by version.
var presentations, envelopedPresentations [V2 + 1]*class

// unknownTypes is what the type of a node must be that no class knows.
var unknownTypes = property{name: "type", shape: typeSet, amount: oneOrMany}

func init() {
	for name, c := range classes {
		c.compile(name)
	}
	roots := [...]string{
		KindOther: "VerifiableCredential", KindAchievement: "AchievementCredential", KindEndorsement: "EndorsementCredential",
		KindStatusList: "VerifiableCredential", KindEnveloped: "EnvelopedVerifiableCredential",
	}
	for version := range credentials {
		for kind, name := range roots {
			credentials[version][kind] = classOf(name, Version(version))
		}
		presentations[version] = classOf("VerifiablePresentation", Version(version))
		envelopedPresentations[version] = classOf("EnvelopedVerifiablePresentation", Version(version))
	}
}

// classOf finds a class in a version of the data model.
func classOf(name string, version Version) *class {
	if version == V1 {
		if c, ok := classes[name+" 1.1"]; ok {
			return c
		}
	}
	c, ok := classes[name]
	if !ok {
		panic("schema: there is no class " + name)
	}
	return c
}

func (c *class) compile(name string) {
	if len(c.properties) > 64 {
		panic("schema: class " + name + " has more properties than a word has bits")
	}
	c.name = strings.TrimSuffix(name, " 1.1")
	properties := make([]string, len(c.properties))
	for i := range c.properties {
		p := &c.properties[i]
		properties[i] = p.name
		if p.required {
			c.required |= 1 << i
		}
		if p.class != "" {
			for version := range p.nodes {
				p.nodes[version] = classOf(p.class, Version(version))
			}
		}
		if p.vocabulary != nil {
			p.vocabulary.names = compileNames(p.vocabulary.terms)
		}
	}
	c.names = compileNames(properties)
}
