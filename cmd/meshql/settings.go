package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/meshql/meshql/governance/descriptor"
)

// settings are a person's preferences at the prompt: those of the configuration
// file, which commands and flags change for a session.
type settings struct {
	Format    string `yaml:"format"`    // one of formats; empty: tables, and vertical where they are too wide
	Pager     string `yaml:"pager"`     // a command; empty: $PAGER, or less if it is there; "off"
	Timing    bool   `yaml:"timing"`    // say how long a statement took
	Highlight bool   `yaml:"highlight"` // colour what is typed
}

func defaultSettings() settings { return settings{Timing: true, Highlight: true} }

// pagerOff is the pager's name that stands for none.
const pagerOff = "off"

// readSettings reads the configuration file at path, strictly: an unknown key is
// an error. A file that is not there changes nothing.
func readSettings(path string) (settings, error) {
	s := defaultSettings()
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("configuration: %w", err)
	}
	if err := descriptor.Decode(data, path, &s); err != nil {
		return defaultSettings(), err
	}
	if s.Format != "" && formats[s.Format] == nil {
		return defaultSettings(), fmt.Errorf("%s: format %q: use %s", path, s.Format, formatNames)
	}
	return s, nil
}

// settingsPath is where the configuration file is looked for.
func settingsPath() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no place for the configuration: %w", err)
	}
	return filepath.Join(dir, "meshql", "config.yaml"), nil
}

// statePath is a file in the user's state folder.
func statePath(name string) (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "meshql", name), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no state folder: set XDG_STATE_HOME: %w", err)
	}
	return filepath.Join(home, ".local", "state", "meshql", name), nil
}

// formatList are the names of formats in order.
func formatList() []string {
	var names []string
	for name := range formats {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
