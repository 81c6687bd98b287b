package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/meshql/meshql/engine"
	"github.com/meshql/meshql/governance/descriptor"
)

// reportNames are the formats of commands that find things.
const reportNames = "text|json|junit|github|sarif"

// schemaVersion is the version of what --format json writes. Fields are added
// within one; what changes meaning moves it.
const schemaVersion = 1

// findings are what a command found, for the writers that machines read.
type findings struct {
	command     string
	base        string // folder that the diagnostics' files are relative to
	diagnostics descriptor.Diagnostics
	tests       []engine.TestResult
	coverage    *coverage
}

// checkReportFormat refuses a format that is not there before any work is done.
func checkReportFormat(name string) error {
	for known := range strings.SplitSeq(reportNames, "|") {
		if name == known {
			return nil
		}
	}
	return fmt.Errorf("--format %s: use %s", name, reportNames)
}

// write writes findings in a format other than text.
func (f *findings) write(w io.Writer, format string) error {
	switch format {
	case "json":
		return f.writeJSON(w)
	case "junit":
		return f.writeJUnit(w)
	case "github":
		return f.writeGitHub(w)
	}
	return f.writeSARIF(w)
}

func (f *findings) count(s descriptor.Severity) (n int) {
	for _, d := range f.diagnostics {
		if d.Severity == s {
			n++
		}
	}
	return n
}

// path is a file's as seen from where the command runs.
func (f *findings) path(file string) string {
	if file == "" || f.base == "" || f.base == "." || path.IsAbs(file) {
		return file
	}
	return path.Join(f.base, file)
}

type jsonDiagnostic struct {
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

type jsonTest struct {
	Name   string `json:"name"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	As     string `json:"as"`
	Passed bool   `json:"passed"`
	Want   string `json:"want,omitempty"`
	Got    string `json:"got,omitempty"`
	Millis int64  `json:"ms"`
}

func (f *findings) writeJSON(w io.Writer) error {
	out := struct {
		MeshqlVersion string           `json:"meshqlVersion"`
		SchemaVersion int              `json:"schemaVersion"`
		Command       string           `json:"command"`
		Errors        int              `json:"errors"`
		Warnings      int              `json:"warnings"`
		Diagnostics   []jsonDiagnostic `json:"diagnostics"`
		Tests         []jsonTest       `json:"tests,omitempty"`
		Coverage      *coverage        `json:"coverage,omitempty"`
	}{engine.Version, schemaVersion, f.command, f.count(descriptor.Error), f.count(descriptor.Warning), []jsonDiagnostic{}, nil, f.coverage}
	for _, d := range f.diagnostics {
		out.Diagnostics = append(out.Diagnostics, jsonDiagnostic{f.path(d.File), d.Line, d.Column, d.Rule, d.Severity.String(), d.Message, d.Hint})
	}
	for _, t := range f.tests {
		out.Tests = append(out.Tests, jsonTest{t.Name, f.path(t.File), t.Line, t.As, t.Passed, t.Want, t.Got, t.Duration.Milliseconds()})
	}
	return encodeJSON(w, out)
}

func encodeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Line    int           `xml:"line,attr,omitempty"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// writeJUnit writes a case for each test and each diagnostic; one that passed
// stands for a command that found nothing.
func (f *findings) writeJUnit(w io.Writer) error {
	suite := struct {
		XMLName  xml.Name    `xml:"testsuite"`
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Cases    []junitCase `xml:"testcase"`
	}{Name: "meshql " + f.command}
	for _, t := range f.tests {
		c := junitCase{Class: suite.Name, Name: t.Name, File: f.path(t.File), Line: t.Line}
		if !t.Passed {
			c.Failure = &junitFailure{"as " + t.As, "want " + t.Want + "\ngot " + t.Got}
		}
		suite.Cases = append(suite.Cases, c)
	}
	for _, d := range f.diagnostics {
		if f.tests != nil {
			break // the tests say the same
		}
		c := junitCase{Class: suite.Name, Name: fmt.Sprintf("%s:%d:%d %s", f.path(d.File), d.Line, d.Column, d.Rule), File: f.path(d.File), Line: d.Line}
		if d.Severity == descriptor.Error {
			c.Failure = &junitFailure{d.Message, d.String()}
		}
		suite.Cases = append(suite.Cases, c)
	}
	if len(suite.Cases) == 0 {
		suite.Cases = []junitCase{{Class: suite.Name, Name: "all files"}}
	}
	for _, c := range suite.Cases {
		suite.Tests++
		if c.Failure != nil {
			suite.Failures++
		}
	}
	text, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return fmt.Errorf("junit: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}

// Escapes of GitHub's workflow commands, in their texts and in their properties.
var (
	githubText     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func (f *findings) writeGitHub(w io.Writer) error {
	for _, d := range f.diagnostics {
		message := d.Message
		if d.Hint != "" {
			message += "; " + d.Hint
		}
		_, err := fmt.Fprintf(w, "::%s file=%s,line=%d,col=%d,title=%s::%s\n", d.Severity, githubProperty.Replace(f.path(d.File)),
			max(d.Line, 1), max(d.Column, 1), githubProperty.Replace(d.Rule), githubText.Replace(message))
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *findings) writeSARIF(w io.Writer) error {
	type object = map[string]any
	results := []object{}
	for _, d := range f.diagnostics {
		message := d.Message
		if d.Hint != "" {
			message += "; " + d.Hint
		}
		r := object{"ruleId": d.Rule, "level": d.Severity.String(), "message": object{"text": message}}
		if d.File != "" {
			place := object{"artifactLocation": object{"uri": f.path(d.File)}}
			if d.Line > 0 {
				place["region"] = object{"startLine": d.Line, "startColumn": max(d.Column, 1)}
			}
			r["locations"] = []object{{"physicalLocation": place}}
		}
		results = append(results, r)
	}
	return encodeJSON(w, object{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json",
		"version": "2.1.0",
		"runs": []object{{
			"tool":    object{"driver": object{"name": "meshql", "version": engine.Version}},
			"results": results,
		}},
	})
}
