package server

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/gin-gonic/gin"
)

// openAPISource is the one description of the API, public and operators'.
//
//go:embed openapi.json
var openAPISource []byte

var parameter = regexp.MustCompile(`[:*](\w+)`)

// openAPIPath is a gin route as OpenAPI writes it.
func openAPIPath(route string) string { return parameter.ReplaceAllString(route, "{$1}") }

// openAPIDocument is the description as this server has it: its address, its
// version, and the routes that there are.
func openAPIDocument(base, version string, routes gin.RoutesInfo) ([]byte, error) {
	var document map[string]any
	if err := json.Unmarshal(openAPISource, &document); err != nil {
		return nil, fmt.Errorf("reading openapi.json: %w", err)
	}
	served := make(map[string]bool, len(routes))
	for _, r := range routes {
		served[openAPIPath(r.Path)] = true
	}
	paths, _ := document["paths"].(map[string]any)
	for path := range paths {
		if !served[path] {
			delete(paths, path)
		}
	}
	document["servers"] = []any{map[string]any{"url": base}}
	if info, ok := document["info"].(map[string]any); ok && version != "" {
		info["version"] = version
	}
	return json.Marshal(document)
}

func (s *Server) openAPIJSON(c *gin.Context) error {
	return serve(c, document{body: s.openAPI, types: []string{"application/json", "application/openapi+json"}, cache: "public, max-age=300"})
}
