package vec

import (
	"strconv"
	"testing"
)

func BenchmarkHashColumns(b *testing.B) {
	ints := &Vector{Kind: I64, N: BatchRows, I64: make([]int64, BatchRows)}
	words := &Vector{Kind: Bytes, N: BatchRows}
	for i := range BatchRows {
		ints.I64[i] = int64(i)
		words.Str.Views = append(words.Str.Views, "Customer#"+strconv.Itoa(i))
	}
	for name, v := range map[string]*Vector{"integers": ints, "strings": words} {
		b.Run(name, func(b *testing.B) {
			var dst []uint64
			for b.Loop() {
				dst = HashColumns([]*Vector{v}, nil, BatchRows, dst)
			}
		})
	}
}
