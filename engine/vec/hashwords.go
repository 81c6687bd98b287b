package vec

// HashWords hashes keys of width words each, which stand one behind the other
// in words, into dst: one hash a key. As with HashColumns, the hash is seeded a
// process and must not be stored; the two do not agree with each other.
func HashWords(words []uint64, width int, dst []uint64) []uint64 {
	n := len(words) / width
	if cap(dst) < n {
		dst = make([]uint64, n)
	}
	dst = dst[:n]
	if width == 1 {
		for i, w := range words {
			dst[i] = mix(0, w)
		}
		return dst
	}
	for i := range dst {
		var h uint64
		for _, w := range words[i*width : (i+1)*width] {
			h = mix(h, w)
		}
		dst[i] = h
	}
	return dst
}
