// Package web renders Laurel's pages from typed structs. A page is HTML and one
// style sheet: no script, no font, no picture from elsewhere, so that it works
// in every browser and tells nobody that it was read.
//
// All text is escaped. A link that comes from a badge is one only when it is
// http or https. Whatever colour says is also said in words.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"regexp"
	"strings"
	"time"

	"laurel/credential"
)

//go:embed templates/*.html style.css
var files embed.FS

var (
	style     = must(files.ReadFile("style.css"))
	styleHash = hash(style)
	pages     = parse()
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err) // what is embedded is there
	}
	return value
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// Style is the style sheet of every page.
func Style() []byte { return style }

// StyleHash is the hash of Style that pages ask for it with.
func StyleHash() string { return styleHash }

// Page is a page that can be rendered.
type Page interface {
	// Render writes the page. It writes nothing when there is an error.
	Render(w io.Writer) error
}

// functions are what templates can call.
var functions = template.FuncMap{
	"link":       link,
	"host":       host,
	"picture":    picture,
	"paragraphs": paragraphs,
	"language":   language,
	"date":       date,
	"stamp":      stamp,
	"styleHash":  StyleHash,
}

// parse makes one template set for each page around the common layout.
func parse() map[string]*template.Template {
	layout := template.Must(template.New("layout.html").Funcs(functions).ParseFS(files, "templates/layout.html", "templates/parts.html"))
	sets := make(map[string]*template.Template)
	for _, name := range []string{"home", "verify", "badge", "achievement", "issuer", "privacy", "problem"} {
		sets[name] = template.Must(template.Must(layout.Clone()).ParseFS(files, "templates/"+name+".html"))
	}
	return sets
}

// render executes a page's template into memory first: half a page is none.
func render(w io.Writer, name string, data any) error {
	var buffer bytes.Buffer
	if err := pages[name].ExecuteTemplate(&buffer, "layout.html", data); err != nil {
		return fmt.Errorf("rendering page %s: %w", name, err)
	}
	_, err := w.Write(buffer.Bytes())
	return err
}

// link returns a URL that is safe to follow, "" for any other.
func link(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return ""
	}
	return text
}

// host is the domain that an identifier stands for, "" when it has none. A
// name can be chosen; a domain has to be had.
func host(id string) string {
	if rest, ok := strings.CutPrefix(id, "did:web:"); ok {
		name, _, _ := strings.Cut(rest, ":")
		if name, err := url.PathUnescape(name); err == nil {
			return name
		}
		return ""
	}
	if u, err := url.Parse(id); err == nil && u.Scheme == "https" {
		return u.Host
	}
	return ""
}

var dataImage = regexp.MustCompile(`^data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}$`)

// picture returns an image that is part of the badge. One from elsewhere is not
// shown: asking for it would tell its server who looks at the badge.
func picture(image *credential.Image) template.URL {
	if image == nil || len(image.ID) > 2<<20 || !dataImage.MatchString(image.ID) {
		return ""
	}
	return template.URL(image.ID) // safe: matched against dataImage
}

// paragraphs splits a text at its empty lines. Markdown is shown as it is
// written.
func paragraphs(text string) []string {
	var all []string
	for _, p := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			all = append(all, p)
		}
	}
	return all
}

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$`)

// language is a language tag for the attribute lang, "" where it is not one.
func language(tag string) string {
	if languageTag.MatchString(tag) {
		return tag
	}
	return ""
}

// date writes a time as a day, in UTC.
func date(t time.Time) string { return t.UTC().Format("2 January 2006") }

// stamp writes a time for the attribute datetime.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
