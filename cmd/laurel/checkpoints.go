package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

const (
	checkpointInterval = 10 * time.Minute
	checkpointTime     = 10 * time.Second
)

// checkpoint signs where the record of acts ends now. A copy goes to the file
// for that, if one is named.
func (i *installation) checkpoint(ctx context.Context, logger *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, checkpointTime)
	defer cancel()
	note, _, err := i.audit.Checkpoint(ctx)
	if err == nil && i.checkpointFile != "" {
		err = appendCheckpoint(i.checkpointFile, note)
	}
	if err != nil && ctx.Err() == nil {
		logger.Error("making checkpoint of the record of acts", "error", err)
	}
}

// warnSetBack says so when the store is older than a checkpoint that was kept
// elsewhere. After a restore that is as it must be; the file is then to be put
// aside, for it goes on showing what was lost.
func (i *installation) warnSetBack(ctx context.Context, logger *slog.Logger) error {
	if i.checkpointFile == "" {
		return nil
	}
	kept, err := os.ReadFile(i.checkpointFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("reading checkpoints: %w", err)
	}
	number, err := i.audit.SetBack(ctx, kept)
	if number > 0 {
		logger.Error("the data went back to an older state than a checkpoint of it", "checkpoint", number, "file", i.checkpointFile)
	}
	return err
}

// appendCheckpoint adds a note to a file of notes, unless it is the last one
// there. What was half written in a crash is left as it is, on its own.
func appendCheckpoint(path string, note []byte) error {
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("adding checkpoint: %w", err)
	}
	if bytes.HasSuffix(bytes.TrimRight(before, "\n"), bytes.TrimRight(note, "\n")) {
		return nil
	}
	addition := append(bytes.Clone(note), '\n')
	if len(before) > 0 && before[len(before)-1] != '\n' {
		addition = append([]byte("\n\n"), addition...)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("adding checkpoint: %w", err)
	}
	_, err = file.Write(addition)
	if err == nil {
		err = file.Sync()
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err == nil && len(before) == 0 {
		err = syncDirectory(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("adding checkpoint: %w", err)
	}
	return nil
}
