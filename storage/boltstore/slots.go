package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"laurel/storage"
)

// reserveSlot gives out an index of the tenant's open list of a purpose that no
// credential ever had. The slot row is what makes it unique.
func (s *Store) reserveSlot(t *txn, r storage.Reservation, purpose string, sequence uint64) (storage.StatusEntry, error) {
	at, list, err := s.openList(t, r, purpose)
	if err != nil {
		return storage.StatusEntry{}, err
	}
	index, err := s.unusedIndex(t, at, list.Size)
	if err != nil {
		return storage.StatusEntry{}, err
	}
	t.put(slotFamily, at.number(index), key{}.sequence(sequence))
	list.Used++
	if list.Used >= storage.UsablePlaces(list.Size) {
		list.Open = false
		t.remove(openListFamily, of(r.Tenant).text(purpose))
	}
	t.retain(listFamily, at, list)
	return storage.StatusEntry{Purpose: purpose, List: list.ID, Index: index}, nil
}

// openList gives the list that indexes come from, a new one if there is none.
func (s *Store) openList(t *txn, r storage.Reservation, purpose string) (key, storage.StatusList, error) {
	if open := t.get(openListFamily, of(r.Tenant).text(purpose)); open != nil {
		at := of(r.Tenant).text(string(open))
		list, err := t.statusList(at)
		return at, list, err
	}
	id, err := randomID(s.config.Rand)
	if err != nil {
		return nil, storage.StatusList{}, err
	}
	sequence := t.next(listFamily, of(r.Tenant))
	at := of(r.Tenant).sequence(sequence)
	list := storage.StatusList{
		Tenant: r.Tenant, ID: id, Purpose: purpose, Size: s.config.StatusListSize, Open: true,
		Version: 1, Created: r.Act.Time.UTC(), Changed: r.Act.Time.UTC(),
	}
	t.register(listKind, id, at)
	t.put(openListFamily, of(r.Tenant).text(purpose), key{}.sequence(sequence))
	return at, list, nil
}

// draws is how often a usable place is drawn before those that are free are
// counted instead. Only the last few dozen of a list are given out that way.
const draws = 1024

// unusedIndex picks evenly among the usable places of a list that are free and
// whose mirror is, which lists of schema version 1 have given out too. It draws
// from all places until it meets such a one.
func (s *Store) unusedIndex(t *txn, list key, size int) (int, error) {
	slots := t.bucket(slotFamily)
	free := func(index int) bool {
		return slots.Get(list.number(index)) == nil && slots.Get(list.number(storage.MirrorIndex(index))) == nil
	}
	places := storage.UsablePlaces(size)
	for range draws {
		place, err := s.below(places)
		if err != nil {
			return 0, err
		}
		if index := storage.UsableIndex(place); free(index) {
			return index, nil
		}
	}
	var left []int
	for place := range places {
		if index := storage.UsableIndex(place); free(index) {
			left = append(left, index)
		}
	}
	if len(left) == 0 {
		return 0, fmt.Errorf("picking status index: %w: an open list without a free place", storage.ErrCorrupt)
	}
	place, err := s.below(len(left))
	if err != nil {
		return 0, err
	}
	return left[place], nil
}

// below draws one of the numbers from 0 to n-1.
func (s *Store) below(n int) (int, error) {
	mask := uint64(1)<<bits.Len(uint(n-1)) - 1
	for range 10_000 {
		var b [8]byte
		if _, err := io.ReadFull(s.config.Rand, b[:]); err != nil {
			return 0, fmt.Errorf("reading random bytes: %w", err)
		}
		if drawn := binary.BigEndian.Uint64(b[:]) & mask; drawn < uint64(n) {
			return int(drawn), nil
		}
	}
	return 0, errors.New("picking status index: the random source repeats itself")
}
