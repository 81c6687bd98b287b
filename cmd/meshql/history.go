package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// maxHistory is how many statements history recalls; the file is cut back to so
// many when it holds twice as many.
const maxHistory = 5000

// secretWords mark statements that history never keeps.
var secretWords = regexp.MustCompile(`(?i)password|passwd|identified\s+by|secret`)

// history holds what was entered, each entry whole however many lines it has. It
// is a source of the line editor.
type history struct {
	path    string // empty: in memory only
	entries []string
}

// historyEntry is a line of the history file.
type historyEntry struct {
	Time time.Time `json:"time"`
	Text string    `json:"text"`
}

// openHistory reads a history file; path is empty for a history without one.
// Lines that cannot be read are left out.
func openHistory(path string) (*history, error) {
	h := &history{path: path}
	if path == "" {
		return h, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	var kept []historyEntry
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var e historyEntry
		if json.Unmarshal(lines.Bytes(), &e) == nil && e.Text != "" {
			kept = append(kept, e)
		}
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	long := len(kept) > 2*maxHistory
	kept = kept[max(0, len(kept)-maxHistory):]
	for _, e := range kept {
		h.entries = append(h.entries, e.Text)
	}
	if long {
		return h, h.rewrite(kept)
	}
	return h, nil
}

// Write adds an entry, unless it is the last one again or may hold a secret.
func (h *history) Write(text string) (int, error) {
	text = strings.TrimSpace(text)
	n := len(h.entries)
	if text == "" || secretWords.MatchString(text) || n > 0 && h.entries[n-1] == text {
		return n, nil
	}
	h.entries = append(h.entries, text)
	if h.path == "" {
		return n + 1, nil
	}
	line, err := json.Marshal(historyEntry{Time: time.Now().UTC(), Text: text})
	if err != nil {
		return n + 1, fmt.Errorf("history: %w", err)
	}
	f, err := os.OpenFile(h.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return n + 1, fmt.Errorf("history: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	return n + 1, errors.Join(err, f.Close())
}

// GetLine returns the entry at a position, the oldest at 0.
func (h *history) GetLine(i int) (string, error) {
	if i < 0 || i >= len(h.entries) {
		return "", fmt.Errorf("history has no entry %d", i)
	}
	return h.entries[i], nil
}

// Len returns the number of entries.
func (h *history) Len() int { return len(h.entries) }

// Dump returns the entries.
func (h *history) Dump() any { return h.entries }

// rewrite replaces the file by fewer entries.
func (h *history) rewrite(entries []historyEntry) error {
	f, err := os.CreateTemp(filepath.Dir(h.path), ".history-*") // mode 0600
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	out := json.NewEncoder(f)
	for _, e := range entries {
		if err := out.Encode(e); err != nil {
			return errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return os.Rename(f.Name(), h.path)
}
