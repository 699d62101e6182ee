package award

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"laurel/internal/issuer"
	"laurel/storage"
)

// whole is all that is kept of a job's rows, opened.
func (w *world) whole(id string) string {
	w.Helper()
	record, err := w.store.AwardJob(w.Context(), caller.Tenant, id)
	w.must(err)
	opened, err := w.openSeal(record)
	w.must(err)
	var b strings.Builder
	w.must(w.eachRow(w.Context(), record, storage.AwardRowFilter{Sealed: true}, func(row storage.AwardRow) (bool, error) {
		if row.Sealed != nil {
			stood, err := opened.open(row)
			w.must(err)
			fmt.Fprintf(&b, "%d %+v\n", row.Row, stood)
		}
		return true, nil
	}))
	return b.String()
}

const faulty = "email,name,page\n" +
	"alice@victim.example,Alice,\n" +
	"bob@victim.example,=Bob,\n" +
	"alice@victim.example,=Alice Again,\n" +
	"ALICE@victim.example,Alice Twice,\n" +
	"\"Alice <Alice@Victim.example>\",zzz,\n" +
	"alice @ victim.example,typo,\n" +
	"nobody,Alice,see alice@victim.example.\n" +
	"malice@victim.example,=M,\n" +
	"alice@victim.example.org,=O,\n" +
	"x.alice@victim.example,=X,\n" +
	"carol@victim.example,=Carol,,alice@victim.example\n"

// TestEraseBadRows: of a person who is erased no row is left, whatever is wrong
// with it, and of others all are.
func TestEraseBadRows(t *testing.T) {
	for name, who := range map[string]func(w *world) issuer.WhoIs{
		"by address":    func(*world) issuer.WhoIs { return issuer.WhoIs{Email: "Alice@victim.example"} },
		"by credential": func(w *world) issuer.WhoIs { return issuer.WhoIs{Credential: w.credentials()[0].ID} },
		"by subject":    func(w *world) issuer.WhoIs { return issuer.WhoIs{Subject: w.holderOf(w.credentials()[0].ID)} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.chunk = 3
			job := w.award(faulty)
			who := who(w)
			data, err := w.ExportPerson(t.Context(), caller, who)
			w.must(err)
			var rows []int
			for _, row := range data.Rows {
				rows = append(rows, row.Row)
				if row.Award != job.ID || len(row.Headings) != 3 || !strings.Contains(strings.ToLower(fmt.Sprint(row.Cells)), "alice") {
					t.Errorf("row %+v", row)
				}
			}
			if diff := cmp.Diff([]int{4, 5, 6, 7, 8, 12}, rows); diff != "" || len(data.Badges) != 1 {
				t.Errorf("%d badges, rows %s", len(data.Badges), diff)
			}
			if _, n, err := w.FindPerson(t.Context(), caller.Tenant, who); err != nil || n != 6 {
				t.Errorf("found in %d rows, %v", n, err)
			}
			receipt, err := w.ErasePerson(t.Context(), caller, who)
			if err != nil || receipt.Receipt.Subject == "" || len(receipt.Receipt.Credentials) != 1 {
				t.Fatalf("receipt %+v, %v", receipt, err)
			}
			left := w.whole(job.ID)
			file, err := w.BadRows(t.Context(), caller.Tenant, job.ID)
			w.must(err)
			for _, text := range []string{left, string(file.Data)} {
				for _, gone := range []string{"Alice", "zzz", "typo", "Carol"} {
					if strings.Contains(text, gone) {
						t.Errorf("%s is left in %s", gone, text)
					}
				}
				for _, stays := range []string{"bob@victim.example", "malice@victim.example", "alice@victim.example.org", "x.alice@victim.example"} {
					if !strings.Contains(text, stays) {
						t.Errorf("%s is gone from %s", stays, text)
					}
				}
			}
		})
	}
}

// TestEraseWithoutBadge: somebody who stands only in bad rows is found, given
// out and erased; another institution finds nobody.
func TestEraseWithoutBadge(t *testing.T) {
	w := newWorld(t)
	job := w.draft(faulty)
	bob := issuer.WhoIs{Email: "bob@victim.example"}
	if found, n, err := w.FindPerson(t.Context(), caller.Tenant, bob); err != nil || n != 1 || found.Subject != "" || !found.Since.Equal(w.clockNow()) {
		t.Errorf("found %+v, %d rows, %v", found, n, err)
	}
	data, err := w.ExportPerson(t.Context(), caller, bob)
	if err != nil || len(data.Rows) != 1 || data.Rows[0].Cells[1] != "=Bob" {
		t.Errorf("exported %+v, %v", data, err)
	}
	alice := issuer.WhoIs{Email: "alice@victim.example"} // a draft's good row, too
	if data, err := w.ExportPerson(t.Context(), caller, alice); err != nil || len(data.Rows) != 7 || data.Rows[0].Cells[0] != "alice@victim.example" {
		t.Errorf("exported %+v, %v", data, err)
	}
	elsewhere := issuer.Caller{Tenant: "elsewhere", Actor: "test"}
	if _, err := w.ErasePerson(t.Context(), elsewhere, bob); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("erased elsewhere: %v", err)
	}
	for _, who := range []issuer.WhoIs{bob, alice} {
		receipt, err := w.ErasePerson(t.Context(), caller, who)
		if err != nil || receipt.Receipt.Rows == 0 || receipt.JWS == "" {
			t.Errorf("receipt %+v, %v", receipt, err)
		}
		if _, err := w.ErasePerson(t.Context(), caller, who); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("again: %v", err)
		}
		if _, err := w.ExportPerson(t.Context(), caller, who); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("exported afterwards: %v", err)
		}
	}
	if left := w.whole(job.ID); strings.Contains(left, "Bob") || strings.Contains(left, "Alice") || !strings.Contains(left, "malice@") {
		t.Errorf("left: %s", left)
	}
	w.must(w.store.Inspect(t.Context(), storage.Inspection{Fault: func(f storage.Fault) { t.Errorf("fault %+v", f) }}))
	if job = w.carriedOut(job.ID); job.Issued != 0 || job.Erased != 1 {
		t.Errorf("job %+v", job)
	}
}

// TestEraseManyRows is a person with more rows than one transaction takes.
func TestEraseManyRows(t *testing.T) {
	w := newWorld(t)
	var b bytes.Buffer
	b.WriteString("did,name\n")
	for range 2*eraseStep + 7 {
		b.WriteString("did:web:Bob.example,=x\n")
	}
	job := w.draft(b.String())
	receipt, err := w.ErasePerson(t.Context(), caller, issuer.WhoIs{ID: "did:web:Bob.example"})
	if err != nil || receipt.Receipt.Rows != 2*eraseStep+7 || w.whole(job.ID) != "" {
		t.Errorf("receipt %+v, %v", receipt, err)
	}
}

// TestBadRowsHaveLookups: the store alone erases what normalises.
func TestBadRowsHaveLookups(t *testing.T) {
	w := newWorld(t)
	job := w.draft(faulty)
	rows, err := w.store.AwardRows(t.Context(), caller.Tenant, job.ID, storage.AwardRowFilter{Limit: 100, Sealed: true})
	w.must(err)
	var without []int
	for _, row := range rows {
		if row.Lookup == nil {
			without = append(without, row.Row)
		}
	}
	if diff := cmp.Diff([]int{6, 7, 8}, without); diff != "" {
		t.Error(diff)
	}
}
