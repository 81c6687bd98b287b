package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// format writes a result to w and returns the number of its rows.
type format func(ctx context.Context, w io.Writer, r rows) (int, error)

// formats by the names that --format takes.
var formats = map[string]format{
	"table":    writeTable,
	"vertical": writeVertical,
	"csv":      writeCSV,
	"tsv":      writeTSV,
	"json":     writeJSON,
	"markdown": writeMarkdown,
}

// formatNames is formats' names as help lists them.
const formatNames = "table|vertical|csv|tsv|json|markdown"

const nullText = "NULL"

func (c cell) String() string {
	if c.null {
		return nullText
	}
	return string(c.text)
}

// printable replaces what would move a terminal's cursor or change its colours.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError {
			return '·'
		}
		return r
	}, s)
}

// tableRows is how many rows a table is laid out for at once: their widths fit
// each other, and memory stays bounded.
const tableRows = 10_000

func writeTable(ctx context.Context, w io.Writer, r rows) (int, error) {
	return writePretty(ctx, w, r, func(t table.Writer) string { return t.Render() })
}

func writeMarkdown(ctx context.Context, w io.Writer, r rows) (int, error) {
	return writePretty(ctx, w, r, func(t table.Writer) string { return t.RenderMarkdown() })
}

func writePretty(ctx context.Context, w io.Writer, r rows, render func(table.Writer) string) (int, error) {
	headers := r.Columns()
	if len(headers) == 0 {
		return 0, r.Close()
	}
	fresh := func() table.Writer {
		t := table.NewWriter()
		t.SetStyle(table.StyleLight)
		t.Style().Format.Header = text.FormatDefault
		row := make(table.Row, len(headers))
		var configs []table.ColumnConfig
		for i, h := range headers {
			row[i] = printable(h.name)
			if h.numeric {
				configs = append(configs, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
			}
		}
		t.AppendHeader(row)
		t.SetColumnConfigs(configs)
		return t
	}
	t, held := fresh(), 0
	flush := func() error {
		_, err := fmt.Fprintln(w, render(t))
		t, held = fresh(), 0
		return err
	}
	n, err := each(ctx, r, func(cells []cell) error {
		row := make(table.Row, len(cells))
		for i, c := range cells {
			row[i] = printable(c.String())
		}
		t.AppendRow(row)
		if held++; held == tableRows {
			return flush()
		}
		return nil
	})
	if err != nil {
		return n, err
	}
	if held > 0 || n == 0 {
		err = flush()
	}
	return n, err
}

func writeVertical(ctx context.Context, w io.Writer, r rows) (int, error) {
	b := bufio.NewWriter(w)
	headers := r.Columns()
	width := 0
	for _, h := range headers {
		width = max(width, utf8.RuneCountInString(h.name))
	}
	i := 0
	n, err := each(ctx, r, func(cells []cell) error {
		i++
		fmt.Fprintf(b, "*************************** %d. row ***************************\n", i)
		for k, c := range cells {
			fmt.Fprintf(b, "%*s: %s\n", width, printable(headers[k].name), printable(c.String()))
		}
		return nil
	})
	if err != nil {
		return n, err
	}
	return n, b.Flush()
}

func writeCSV(ctx context.Context, w io.Writer, r rows) (int, error) {
	out := csv.NewWriter(w)
	headers := r.Columns()
	if len(headers) == 0 {
		return 0, r.Close()
	}
	record := make([]string, len(headers))
	for i, h := range headers {
		record[i] = h.name
	}
	if err := out.Write(record); err != nil {
		return 0, err
	}
	n, err := each(ctx, r, func(cells []cell) error {
		for i, c := range cells {
			record[i] = c.String()
		}
		return out.Write(record)
	})
	out.Flush()
	if err != nil {
		return n, err
	}
	return n, out.Error()
}

// tsvEscapes are MySQL's of its batch mode.
var tsvEscapes = strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`, "\x00", `\0`)

func writeTSV(ctx context.Context, w io.Writer, r rows) (int, error) {
	b := bufio.NewWriter(w)
	line := func(values []string) {
		b.WriteString(strings.Join(values, "\t"))
		b.WriteByte('\n')
	}
	headers := r.Columns()
	if len(headers) == 0 {
		return 0, r.Close()
	}
	record := make([]string, len(headers))
	for i, h := range headers {
		record[i] = tsvEscapes.Replace(h.name)
	}
	line(record)
	n, err := each(ctx, r, func(cells []cell) error {
		for i, c := range cells {
			record[i] = tsvEscapes.Replace(c.String())
		}
		line(record)
		return nil
	})
	if err != nil {
		return n, err
	}
	return n, b.Flush()
}

// writeJSON writes an array of objects; numbers keep all their digits.
func writeJSON(ctx context.Context, w io.Writer, r rows) (int, error) {
	b := bufio.NewWriter(w)
	headers := r.Columns()
	if len(headers) == 0 {
		return 0, r.Close()
	}
	names := make([][]byte, len(headers))
	for i, h := range headers {
		names[i] = jsonText(h.name)
	}
	b.WriteByte('[')
	first := true
	n, err := each(ctx, r, func(cells []cell) error {
		if !first {
			b.WriteByte(',')
		}
		first = false
		b.WriteString("\n  {")
		for i, c := range cells {
			if i > 0 {
				b.WriteString(", ")
			}
			b.Write(names[i])
			b.WriteString(": ")
			switch {
			case c.null:
				b.WriteString("null")
			case (headers[i].numeric || headers[i].json) && json.Valid(c.text):
				b.Write(c.text)
			default:
				b.Write(jsonText(string(c.text)))
			}
		}
		_, err := b.WriteString("}")
		return err
	})
	if err != nil {
		return n, err
	}
	if n > 0 {
		b.WriteByte('\n')
	}
	b.WriteString("]\n")
	return n, b.Flush()
}

func jsonText(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return []byte(`""`)
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
