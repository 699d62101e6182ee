package boltstore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"laurel/storage"
)

// BallastSuffix ends the name of the file that keeps room on the disk, after
// that of the store.
const BallastSuffix = ".ballast"

// ballast keeps room on the disk for what must be possible when it is full:
// revoking a badge, publishing that, giving up a key, erasing a person. It is a
// file that is given up for them. From then on nothing else is written, which
// would only take the room that was freed, until the file could be made again.
// It belongs to the goroutine of the writer.
type ballast struct {
	path  string
	size  int64
	spent bool
	tried time.Time // when it was last tried to make it again
}

// ballastPause is how long passes between attempts to make a ballast again.
const ballastPause = time.Second

// newBallast finds the ballast of a store or makes one of the size. Without a
// size, and without a file, there is none.
func newBallast(store string, size int64) *ballast {
	b := &ballast{path: store + BallastSuffix, size: size}
	info, err := os.Stat(b.path)
	switch {
	case err == nil && info.Size() > 0 && (size == 0 || info.Size() == size):
		b.size = info.Size()
		return b
	case size == 0:
		return nil
	}
	b.spent = b.make() != nil
	return b
}

// make writes the file, if as much room again is left beside it.
func (b *ballast) make() (err error) {
	b.tried = time.Now()
	var disk syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(b.path), &disk); err != nil {
		return fmt.Errorf("making ballast: %w", err)
	}
	if int64(disk.Bavail) < 2*b.size/int64(disk.Bsize) {
		return fmt.Errorf("making ballast: %w", storage.ErrFull)
	}
	file, err := os.OpenFile(b.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("making ballast: %w", err)
	}
	// Random, lest a file system keeps it in less room than it is to hold.
	_, err = io.CopyN(file, rand.Reader, b.size)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("making ballast: %w", errors.Join(err, os.Remove(b.path)))
	}
	return nil
}

// release gives the room up, if that was not done before. Should the file not
// go, the write that needs the room will say so.
func (b *ballast) release() {
	if !b.spent {
		b.spent, b.tried = true, time.Now()
		_ = errors.Join(os.Remove(b.path), syncDirectory(filepath.Dir(b.path)))
	}
}

// admit takes out of a batch what may not be written now, and ends it.
func (b *ballast) admit(batch []*job) []*job {
	if b == nil || !b.spent {
		return batch
	}
	if time.Since(b.tried) >= ballastPause && b.make() == nil {
		b.spent = false
		return batch
	}
	admitted := batch[:0:0]
	for _, j := range batch {
		if j.vital {
			admitted = append(admitted, j)
			continue
		}
		j.err = fmt.Errorf("%w: what room is left is kept for changes of status", storage.ErrFull)
		finish([]*job{j})
	}
	return admitted
}

// rescue carries out, in the room that the ballast held, the vital writes that
// found the disk full.
func (w *writer) rescue(batch []*job) {
	for _, j := range batch {
		if w.ballast != nil && j.vital && errors.Is(j.err, storage.ErrFull) {
			w.ballast.release()
			w.attempt([]*job{j})
		}
	}
}
