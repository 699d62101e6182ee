package crash

import (
	"slices"

	"laurel/storage"
)

// someIssued are badges of people that nothing was done to yet.
func (d *deedRun) someIssued(n int) []storage.Credential {
	d.t.Helper()
	for {
		var issued []storage.Credential
		for _, c := range d.look().credentials {
			if c.Award != "" && c.State == storage.StateIssued && c.Erased.IsZero() && c.ReplacedBy == "" && c.Replaces == "" {
				issued = append(issued, c)
			}
		}
		if len(issued) >= n {
			return issued[:n]
		}
		args := []string{"award", d.file(100), "--achievement", d.registry.achievement, "--yes"}
		if r := d.run(args); r.Code != 0 {
			d.t.Fatalf("awarding: exit %d\n%s", r.Code, r.Stderr)
		}
	}
}

// revokeSome revokes a selection of badges.
func (d *deedRun) revokeSome() attempts {
	d.t.Helper()
	ids := ""
	var chosen []string
	for _, c := range d.someIssued(3) {
		ids += c.ID + "\n"
		chosen = append(chosen, c.ID)
	}
	args := []string{"status", "revoke", "--ids", d.write(ids), "--reason", "test", "--yes"}
	before := d.look().revoked()
	return attempts{args, args, func() {
		i := d.look()
		for _, c := range i.credentials {
			if slices.Contains(chosen, c.ID) && c.State != storage.StateRevoked {
				d.registry.fault("status revoke: %s is %s", c.ID, c.State)
			}
		}
		if n := i.revoked() - before; n != len(chosen) {
			d.registry.fault("status revoke: %d badges are revoked, want %d", n, len(chosen))
		}
	}}
}

// reissue replaces a badge and revokes it.
func (d *deedRun) reissue() attempts {
	d.t.Helper()
	old := d.someIssued(1)[0].ID
	args := []string{"reissue", old, "--revoke", "superseded"}
	return attempts{args, args, func() {
		var replaced, replacing []storage.Credential
		for _, c := range d.look().credentials {
			switch {
			case c.ID == old:
				replaced = append(replaced, c)
			case c.Replaces == old:
				replacing = append(replacing, c)
			}
		}
		if len(replaced) != 1 || len(replacing) != 1 || replaced[0].ReplacedBy != replacing[0].ID ||
			replaced[0].State != storage.StateRevoked || replacing[0].State != storage.StateIssued {
			d.registry.fault("reissue: %+v by %+v", replaced, replacing)
		}
	}}
}

// revoked is how many badges are revoked.
func (i *inspection) revoked() (n int) {
	for _, c := range i.credentials {
		if c.State == storage.StateRevoked {
			n++
		}
	}
	return n
}
