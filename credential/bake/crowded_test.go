package bake

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestCrowdedTag: attributes are counted before they are made.
func TestCrowdedTag(t *testing.T) {
	var many strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&many, " a%d='='", i)
	}
	crowdedSVG := []byte(`<svg xmlns="http://www.w3.org/2000/svg"><g` + many.String() + `/></svg>`)
	if _, err := Read(crowdedSVG); !errors.Is(err, ErrTooLarge) {
		t.Errorf("many attributes: %v", err)
	}
	allocated := testing.AllocsPerRun(1, func() { _, _ = Read(crowdedSVG) })
	if allocated > 1000 {
		t.Errorf("%v allocations", allocated)
	}
	equals := strings.Repeat("<a = '' ", maxAttributes)
	for name, text := range map[string]string{
		"comment": "<!-- it's " + equals + "-->", "CDATA": "<![CDATA[" + equals + "]]>", "value": "<g a=\"" + strings.Repeat("=", 1000) + ">\"/>",
		"elements": strings.Repeat("<g a='' b=\"'\"/>", 1000), "no end": "<g a='", "no end of a comment": "<!-- '", "text": strings.Repeat("=", 1000),
	} {
		if crowded([]byte("<svg>" + text + "</svg>")) {
			t.Errorf("%s is taken for many attributes", name)
		}
	}
}
