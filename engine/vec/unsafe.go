package vec

import "unsafe"

// unsafeBytes returns the bytes of s without a copy; they must not be written.
func unsafeBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
