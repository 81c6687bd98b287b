package eval

import (
	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
)

// castJSON makes documents: text is parsed, numbers are themselves, dates and
// times are strings.
func castJSON(from mysqltype.Type, env *Env) kernel {
	loc := env.location()
	parse := from.IsString() && !from.IsBinary()
	if from.IsBinary() {
		return nil
	}
	return func(f *frame) error {
		v := f.args[0]
		var buf []byte
		for _, row := range f.rows() {
			i := int(row)
			buf = mysqltype.AppendText(buf[:0], from, v, i, loc)
			var text string
			var err error
			switch {
			case parse:
				text, err = mysqlfn.NormalizeJSON(string(buf))
			case isFloat(from):
				buf, err = mysqlfn.AppendJSON(buf[:0], floatAt(v, i))
				text = string(buf)
			case from.IsTemporal():
				var out []byte
				out, err = mysqlfn.AppendJSON(nil, string(buf))
				text = string(out)
			case from.ID == mysqltype.Bool:
				text = map[bool]string{true: "true", false: "false"}[buf[0] == '1']
			default:
				text = string(buf)
			}
			if err != nil {
				return mysqlerr.InvalidJSON()
			}
			if err := f.str.put(i, []byte(text)); err != nil {
				return err
			}
		}
		return nil
	}
}

// jsonText returns the text by which a document converts to a number or a time:
// a JSON string is its contents, a truth value a number.
func jsonText(s []byte) []byte {
	if len(s) > 0 && s[0] == '"' {
		if v, err := mysqlfn.ParseJSON(string(s)); err == nil {
			if t, ok := v.(string); ok {
				return []byte(t)
			}
		}
	}
	switch string(s) {
	case "true":
		return []byte("1")
	case "false":
		return []byte("0")
	}
	return s
}

func unwrapJSON(f *frame) error {
	a := f.text(0)
	for _, i := range f.rows() {
		if err := f.str.put(int(i), jsonText(a.at(int(i)))); err != nil {
			return err
		}
	}
	return nil
}
