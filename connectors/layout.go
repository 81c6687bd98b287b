package connectors

import (
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// layout says which objects of a store are a port's files.
type layout struct {
	prefix string   // what to list
	object string   // the key itself, if it may be one object
	glob   []string // segments of a pattern, nil without one
}

// newLayout reads the key of a port.
func newLayout(key string) (layout, error) {
	for segment := range strings.SplitSeq(strings.TrimSuffix(key, "/"), "/") {
		if segment == "" || segment == "." || segment == ".." {
			return layout{}, fmt.Errorf("port: %w", objstore.ErrOutside)
		}
	}
	if !strings.ContainsAny(key, "*?[") {
		folder := strings.TrimSuffix(key, "/")
		l := layout{prefix: folder + "/"}
		if folder == key {
			l.prefix, l.object = folder, folder
		}
		return l, nil
	}
	l := layout{glob: strings.Split(key, "/")}
	for i, segment := range l.glob {
		if _, err := path.Match(segment, ""); err != nil {
			return layout{}, fmt.Errorf("bad pattern in a port's location")
		}
		if strings.ContainsAny(segment, "*?[") {
			if l.prefix = strings.Join(l.glob[:i], "/"); i > 0 {
				l.prefix += "/"
			}
			break
		}
	}
	return l, nil
}

// holds reports whether key is one of the port's files.
func (l *layout) holds(key string) bool {
	if l.glob != nil {
		return matchSegments(l.glob, strings.Split(key, "/"))
	}
	if l.object != "" {
		if key == l.object {
			return true
		}
		if !strings.HasPrefix(key, l.object+"/") {
			return false
		}
	}
	for segment := range strings.SplitSeq(strings.TrimPrefix(key, l.prefix), "/") {
		if hidden(segment) {
			return false
		}
	}
	switch strings.ToLower(path.Ext(key)) {
	case ".parquet", ".parq", ".pq":
		return true
	}
	return false
}

// hidden reports whether a segment is a writer's own; a partition key may start
// with an underscore.
func hidden(segment string) bool {
	return strings.HasPrefix(segment, ".") || strings.HasPrefix(segment, "_") && !strings.Contains(segment, "=")
}

func matchSegments(pattern, key []string) bool {
	for len(pattern) > 0 {
		if pattern[0] == "**" {
			for i := range len(key) + 1 {
				if matchSegments(pattern[1:], key[i:]) {
					return true
				}
			}
			return false
		}
		if len(key) == 0 {
			return false
		}
		if ok, _ := path.Match(pattern[0], key[0]); !ok {
			return false
		}
		pattern, key = pattern[1:], key[1:]
	}
	return len(key) == 0
}

// partition is one key=value folder.
type partition struct {
	name  string
	value string
	null  bool
}

// hiveNull is how Hive writes a NULL into a path.
const hiveNull = "__HIVE_DEFAULT_PARTITION__"

// partitions returns the key=value folders above an object.
func partitions(key string) []partition {
	var out []partition
	segments := strings.Split(key, "/")
	for _, s := range segments[:len(segments)-1] {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			continue
		}
		if x, err := url.PathUnescape(name); err == nil {
			name = x
		}
		if x, err := url.PathUnescape(value); err == nil {
			value = x
		}
		out = append(out, partition{name, value, value == hiveNull})
	}
	return out
}

// parsePartition reads the text of a partition as a physical value of type t.
func parsePartition(p partition, t mysqltype.Type) (any, error) {
	if p.null {
		return nil, nil
	}
	bad := fmt.Errorf("%w: a partition's value is beyond its type", ErrContract)
	switch {
	case t.ID == mysqltype.Bool:
		x, err := strconv.ParseBool(p.value)
		if err != nil {
			return nil, bad
		}
		return x, nil
	case t.IsInteger() && t.Unsigned:
		x, err := strconv.ParseUint(p.value, 10, 64)
		if _, hi := integerRange(t); err != nil || (vec.Int128{Lo: x}).Cmp(hi) > 0 {
			return nil, bad
		}
		return x, nil
	case t.IsInteger():
		x, err := strconv.ParseInt(p.value, 10, 64)
		if lo, hi := integerRange(t); err != nil || vec.Int128From(x).Cmp(lo) < 0 || vec.Int128From(x).Cmp(hi) > 0 {
			return nil, bad
		}
		return x, nil
	case t.ID == mysqltype.Date:
		x, err := time.Parse(time.DateOnly, p.value)
		if err != nil {
			return nil, bad
		}
		return int32(x.Unix() / 86400), nil
	case t.IsString():
		return p.value, nil
	}
	return nil, fmt.Errorf("%w: a partition cannot have its type", ErrContract)
}
