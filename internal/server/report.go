package server

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"laurel/verifier"
)

// buffers holds the memory of request bodies and answers on the path of
// POST /verify, which has nothing else to allocate for; largeBuffers that of
// bodies of up to the limit, so that those who send many do not keep the garbage
// collector busy. What is not used is not kept for long.
var (
	buffers      = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	largeBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}
)

const (
	// smallBuffer is the size up to which a buffer is kept among the small ones.
	smallBuffer = 64 << 10
	// largestBuffer is the size beyond which a buffer is not kept: what a body of
	// 1 MiB may have grown to.
	largestBuffer = 4 << 20
)

// putBuffer keeps a buffer for the next request, wiped: what one person sent
// has no business in memory when the next one is served.
func putBuffer(b *bytes.Buffer) {
	clear(b.Bytes())
	b.Reset()
	switch {
	case b.Cap() <= smallBuffer:
		buffers.Put(b)
	case b.Cap() <= largestBuffer:
		largeBuffers.Put(b)
	}
}

// readPooled reads everything into a pooled buffer. The caller gives it back
// with putBuffer when nothing refers to its bytes any more. Of a body that is
// said to be large, no more memory is taken than arrives.
func readPooled(reader io.Reader, size int64) (*bytes.Buffer, error) {
	pool := &buffers
	if size > smallBuffer-bytes.MinRead {
		pool = &largeBuffers
	}
	b := pool.Get().(*bytes.Buffer)
	if size > 0 {
		b.Grow(int(min(size, smallBuffer)) + bytes.MinRead) // what ReadFrom wants to see free at the end
	}
	if _, err := b.ReadFrom(reader); err != nil {
		putBuffer(b)
		return nil, err
	}
	return b, nil
}

// respondReport answers with a report as JSON. The credential goes out byte for
// byte as it came in.
func respondReport(c *gin.Context, report *verifier.Report) {
	b := buffers.Get().(*bytes.Buffer)
	b.Write(appendReport(b.AvailableBuffer(), report))
	h := c.Writer.Header()
	h["Cache-Control"] = noStore
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	whole(c.Request, b.Len())
	c.Data(http.StatusOK, "application/json", b.Bytes())
	putBuffer(b)
}

// appendReport writes a report as encoding/json would, HTML left alone.
func appendReport(dst []byte, r *verifier.Report) []byte {
	dst = append(dst, `{"verdict":`...)
	dst = appendText(dst, string(r.Verdict))
	dst = append(dst, `,"format":`...)
	dst = appendText(dst, string(r.Format))
	dst = appendChecks(dst, r.Checks, r.Credential)
	if len(r.Credentials) > 0 {
		dst = append(dst, `,"credentials":[`...)
		for i, inside := range r.Credentials {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, `{"path":`...)
			dst = appendText(dst, inside.Path)
			dst = append(dst, `,"verdict":`...)
			dst = appendText(dst, string(inside.Verdict))
			dst = append(appendChecks(dst, inside.Checks, inside.Credential), '}')
		}
		dst = append(dst, ']')
	}
	dst = append(dst, `,"checkedAt":"`...)
	dst = r.CheckedAt.AppendFormat(dst, time.RFC3339Nano)
	return append(dst, '"', '}', '\n')
}

// appendChecks writes the members that a report and a part of one have alike.
func appendChecks(dst []byte, checks []verifier.Check, credential []byte) []byte {
	dst = append(dst, `,"checks":[`...)
	for i, check := range checks {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCheck(dst, check)
	}
	dst = append(dst, ']')
	if len(credential) > 0 {
		dst = append(dst, `,"credential":`...)
		dst = append(dst, credential...)
	}
	return dst
}

func appendCheck(dst []byte, check verifier.Check) []byte {
	dst = append(dst, `{"code":`...)
	dst = appendText(dst, string(check.Code))
	dst = append(dst, `,"outcome":`...)
	dst = appendText(dst, string(check.Outcome))
	dst = append(dst, `,"message":`...)
	dst = appendText(dst, check.Message)
	if check.Path != "" {
		dst = append(dst, `,"path":`...)
		dst = appendText(dst, check.Path)
	}
	if len(check.Params) > 0 {
		dst = append(dst, `,"params":{`...)
		for i, name := range slices.Sorted(maps.Keys(check.Params)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendText(dst, name)
			dst = append(dst, ':')
			dst = appendText(dst, check.Params[name])
		}
		dst = append(dst, '}')
	}
	return append(dst, '}')
}

// appendText writes a JSON string. Bytes that are not UTF-8 become U+FFFD; none
// get this far.
func appendText(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	written := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[written:i]...)
		switch {
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += size - 1
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			dst = append(dst, '\\', c)
		}
		i++
		written = i
	}
	return append(append(dst, s[written:]...), '"')
}
