package objstore

import (
	"strings"
	"unicode/utf8"
)

// maxKey is S3's limit on a key, in bytes.
const maxKey = 1024

// validKey reports whether key names an object inside a store in one way only:
// it is relative, has no segment that walks and no control character.
func validKey(key string) bool {
	return key != "" && !strings.HasSuffix(key, "/") && validPrefix(key)
}

// validPrefix is validKey for what a key may begin with.
func validPrefix(prefix string) bool {
	if len(prefix) > maxKey || !utf8.ValidString(prefix) || strings.HasPrefix(prefix, "/") || strings.Contains(prefix, `\`) {
		return false
	}
	for _, r := range prefix {
		if r < 0x20 || r == 0x7f {
			return false
		}
	}
	for segment := range strings.SplitSeq(prefix, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return true
}
