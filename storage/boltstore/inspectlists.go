package boltstore

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"laurel/storage"
)

// statusEntry checks a credential's place in a status list.
func (i *inspector) statusEntry(at []byte, c storage.Credential, entry storage.StatusEntry, report func(invariant, code, detail string)) {
	place := fmt.Sprintf("%s, index %d of list %s", entry.Purpose, entry.Index, entry.List)
	listAt, there, sound := i.peek(locationFamily, key{byte(listKind)}.text(entry.List))
	switch {
	case !there:
		report(storage.InvariantIndexes, "list_unknown", place)
		return
	case !sound:
		return
	case tenantOf(listAt) != c.Tenant:
		report(storage.InvariantTenants, "list_foreign", place)
		return
	}
	list := storage.StatusList{}
	there, sound = i.read(listFamily, listAt, &list)
	switch {
	case !there:
		report(storage.InvariantIndexes, "list_unknown", place)
		return
	case sound && (entry.Index < 0 || entry.Index >= list.Size):
		report(storage.InvariantIndexes, "index_outside", place)
		return
	case sound && list.Purpose != entry.Purpose:
		report(storage.InvariantIndexes, "purpose_differs", place)
	}
	slot := key(listAt).number(entry.Index)
	owner, there, sound := i.peek(slotFamily, slot)
	switch {
	case !there:
		report(storage.InvariantIndexes, "place_not_taken", place)
	case sound && binary.BigEndian.Uint64(owner) != sequenceOf(at):
		report(storage.InvariantIndexes, "place_of_two", place)
	}
	if i.isDamaged(bitFamily, slot) {
		return
	}
	if set := i.has(bitFamily, slot); set != bitOf(entry.Purpose, c.State) {
		report(storage.InvariantStatus, "bit_wrong", fmt.Sprintf("%s: set %v while %s", place, set, c.State))
	}
}

// lists checks status lists, and that no place or bit belongs to nobody.
func (i *inspector) lists() {
	taken := map[string]int{} // places by list
	i.each(slotFamily, nil, func(k, v []byte) {
		at := key(k[:len(k)-4])
		taken[string(at)]++
		tenant, index := tenantOf(k), int(binary.BigEndian.Uint32(k[len(at):]))
		c := storage.Credential{}
		there, sound := i.read(credentialFamily, of(tenant).text(string(v)), &c)
		_, object := i.name(slotFamily, k, nil)
		if !there {
			i.fault(storage.InvariantIndexes, "place_of_nobody", tenant, object, decimal(index))
		} else if sound && !i.entered(c, at, index) {
			i.fault(storage.InvariantIndexes, "place_of_two", tenant, object, fmt.Sprintf("index %d, of credential %s too", index, c.ID))
		}
	})
	i.each(bitFamily, nil, func(k, _ []byte) {
		if !i.has(slotFamily, k) {
			tenant, object := i.name(bitFamily, k, nil)
			i.fault(storage.InvariantStatus, "bit_of_nobody", tenant, object, decimal(int(binary.BigEndian.Uint32(k[len(k)-4:]))))
		}
	})
	i.each(listFamily, nil, func(k, _ []byte) {
		list := storage.StatusList{Tenant: tenantOf(k)}
		if _, sound := i.read(listFamily, k, &list); sound {
			i.list(k, list, taken[string(k)])
		}
		delete(taken, string(k))
	})
	for at := range taken {
		if !i.has(listFamily, []byte(at)) {
			i.fault(storage.InvariantIndexes, "list_unknown", tenantOf([]byte(at)), fmt.Sprintf("statuslist/number-%d", sequenceOf([]byte(at))), "")
		}
	}
}

// entered reports whether a credential says itself that it has a place.
func (i *inspector) entered(c storage.Credential, list []byte, index int) bool {
	for _, entry := range c.Status {
		at, _, sound := i.peek(locationFamily, key{byte(listKind)}.text(entry.List))
		if entry.Index == index && (!sound || bytes.Equal(at, list)) {
			return true
		}
	}
	return false
}

func (i *inspector) list(at []byte, list storage.StatusList, taken int) {
	object := "statuslist/" + list.ID
	report := func(invariant, code, detail string) { i.fault(invariant, code, list.Tenant, object, detail) }
	i.located(listKind, list.ID, list.Tenant, object, at)
	if taken != list.Used {
		report(storage.InvariantIndexes, "places_miscounted", fmt.Sprintf("%d taken, %d counted", taken, list.Used))
	}
	open, there, sound := i.peek(openListFamily, of(list.Tenant).text(list.Purpose))
	if is := sound && bytes.Equal(open, at[len(at)-8:]); is != list.Open && (sound || !there) {
		report(storage.InvariantIndexes, "open_list_wrong", "")
	}
	signed := i.has(signedListFamily, at)
	switch {
	case list.Version == 0 || list.Published > list.Version:
		report(storage.InvariantStatus, "version_wrong", fmt.Sprintf("version %d, published %d", list.Version, list.Published))
	case signed != (list.Published > 0):
		report(storage.InvariantStatus, "signed_list_missing", "")
	case signed && !i.has(keyFamily, of(list.Tenant).text(list.Key)):
		report(storage.InvariantKeys, "key_unknown", list.Key)
	}
}
