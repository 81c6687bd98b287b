package main

import (
	"os"
	"strings"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
)

// Colours of the prompt, from the sixteen that every terminal has.
const (
	colourOff     = "\x1b[0m"
	colourBold    = "\x1b[1m"
	colourDim     = "\x1b[2m"
	colourRed     = "\x1b[31m"
	colourGreen   = "\x1b[32m"
	colourBlue    = "\x1b[1;34m"
	colourMagenta = "\x1b[35m"
	colourCyan    = "\x1b[36m"
)

// colours reports whether output to a terminal may be coloured.
func colours() bool { return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" }

// highlighter returns a function that colours SQL and changes nothing else.
func highlighter() func(string) string {
	lexer := lexers.Get("mysql")
	if lexer == nil {
		return func(s string) string { return s }
	}
	lexer = chroma.Coalesce(lexer)
	return func(s string) string {
		if strings.HasPrefix(strings.TrimSpace(s), `\`) {
			return s
		}
		tokens, err := lexer.Tokenise(&chroma.TokeniseOptions{State: "root"}, s)
		if err != nil {
			return s
		}
		var b, plain strings.Builder
		for t := tokens(); t != chroma.EOF; t = tokens() {
			plain.WriteString(t.Value)
			paint(&b, t)
		}
		if plain.String() != s {
			return s
		}
		return b.String()
	}
}

// paint writes a token in its colour, line by line.
func paint(b *strings.Builder, t chroma.Token) {
	colour := tokenColour(t.Type)
	for i, line := range strings.Split(t.Value, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		if line == "" || colour == "" {
			b.WriteString(line)
			continue
		}
		b.WriteString(colour + line + colourOff)
	}
}

func tokenColour(t chroma.TokenType) string {
	switch {
	case t.InCategory(chroma.Keyword):
		return colourBlue
	case t.InCategory(chroma.Comment):
		return colourDim
	case t.InSubCategory(chroma.LiteralString):
		return colourGreen
	case t.InSubCategory(chroma.LiteralNumber):
		return colourCyan
	case t == chroma.NameFunction, t == chroma.NameBuiltin:
		return colourMagenta
	}
	return ""
}
