package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/meshql/meshql/engine/vec"
)

// packBits is the plainest bit packing, least significant bit first.
func packBits(values []uint64, width int) []byte {
	out := make([]byte, (len(values)*width+7)/8)
	for i, v := range values {
		for k := range width {
			if v>>k&1 != 0 {
				out[(i*width+k)/8] |= 1 << ((i*width + k) % 8)
			}
		}
	}
	return out
}

// runs encodes values as random runs of both kinds.
func runs(rnd *rand.Rand, values []uint64, width int) []byte {
	var out []byte
	for at := 0; at < len(values); {
		same := 1
		for at+same < len(values) && values[at+same] == values[at] {
			same++
		}
		if same > 3 || rnd.IntN(4) == 0 {
			n := 1 + rnd.IntN(same)
			out = binary.AppendUvarint(out, uint64(n)<<1)
			for k := range (width + 7) / 8 {
				out = append(out, byte(values[at]>>(8*k)))
			}
			at += n
			continue
		}
		groups := 1 + rnd.IntN(5)
		part := make([]uint64, groups*8) // what goes beyond the values is padding
		n := copy(part, values[at:])
		out = binary.AppendUvarint(out, uint64(groups)<<1|1)
		out = append(out, packBits(part, width)...)
		at += n
	}
	return out
}

func TestHybrid(t *testing.T) {
	for width := range 33 {
		for seed := range uint64(6) {
			rnd := rand.New(rand.NewPCG(seed, uint64(width)))
			values := make([]uint64, rnd.IntN(700))
			for i := range values {
				if i > 0 && rnd.IntN(3) > 0 {
					values[i] = values[i-1]
				} else {
					values[i] = rnd.Uint64() & (1<<width - 1)
				}
			}
			src := runs(rnd, values, width)
			checkCodes[uint8](t, rnd, src, values, width)
			checkCodes[uint16](t, rnd, src, values, width)
			checkCodes[uint32](t, rnd, src, values, width)
			if width == 1 {
				checkBits(t, src, values)
			}
		}
	}
}

// checkCodes reads values in pieces and with gaps; those that T does not hold
// are codes beyond the limit.
func checkCodes[T uint8 | uint16 | uint32](t *testing.T, rnd *rand.Rand, src []byte, values []uint64, width int) {
	t.Helper()
	limit := uint64(^T(0))
	if width > 0 && rnd.IntN(2) == 0 {
		limit = min(limit, rnd.Uint64()>>(64-width)+1)
	}
	h := newHybrid(src, uint(width))
	for at := 0; at < len(values); {
		n := 1 + rnd.IntN(min(100, len(values)-at))
		if rnd.IntN(3) == 0 {
			if err := h.skip(n); err != nil {
				t.Fatal(err)
			}
			at += n
			continue
		}
		got := make([]T, n)
		err := readCodes(&h, got, uint32(limit))
		bad := slices.ContainsFunc(values[at:at+n], func(v uint64) bool { return v >= limit })
		if bad != (err != nil) {
			t.Fatalf("width %d: codes below %d: %v", width, limit, err)
		}
		if bad {
			return
		}
		for i, v := range got {
			if uint64(v) != values[at+i] {
				t.Fatalf("width %d: value %d is %d, want %d", width, at+i, v, values[at+i])
			}
		}
		at += n
	}
}

func checkBits(t *testing.T, src []byte, values []uint64) {
	t.Helper()
	b := vec.NewBitmap(len(values))
	ones, err := readBits(b, src, len(values))
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for i, v := range values {
		if b.Get(i) != (v == 1) {
			t.Fatalf("bit %d is %v", i, b.Get(i))
		}
		want += int(v)
	}
	if ones != want || countBits(b, 0, len(values)) != want {
		t.Fatalf("%d bits are set, want %d", ones, want)
	}
}

func TestHybridRefuses(t *testing.T) {
	for name, src := range map[string][]byte{
		"nothing":           {},
		"an unending count": {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"a run of 2^40":     binary.AppendUvarint(nil, 1<<41),
		"a run cut off":     {8},
		"packed, cut off":   {3, 1},
		"empty runs":        make([]byte, 9),
	} {
		h := newHybrid(src, 9)
		if err := readCodes(&h, make([]uint16, 10), 512); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// deltaOf encodes values in DELTA_BINARY_PACKED, in the plainest way.
func deltaOf(values []int64, bits int, block, minis int) []byte {
	out := binary.AppendUvarint(nil, uint64(block))
	out = binary.AppendUvarint(out, uint64(minis))
	out = binary.AppendUvarint(out, uint64(len(values)))
	if len(values) == 0 {
		return binary.AppendVarint(out, 0)
	}
	out = binary.AppendVarint(out, values[0])
	wrap := func(x int64) int64 {
		if bits == 32 {
			return int64(int32(x))
		}
		return x
	}
	var deltas []int64
	for i := 1; i < len(values); i++ {
		deltas = append(deltas, wrap(values[i]-values[i-1]))
	}
	for len(deltas) > 0 {
		n := min(block, len(deltas))
		low := slices.Min(deltas[:n])
		out = binary.AppendVarint(out, low)
		rest := make([]uint64, block)
		for i, d := range deltas[:n] {
			rest[i] = uint64(d - low)
			if bits == 32 {
				rest[i] = uint64(uint32(d - low))
			}
		}
		deltas = deltas[n:]
		var widths, data []byte
		for m := range minis {
			part := rest[m*block/minis : (m+1)*block/minis]
			width := 0
			for _, x := range part {
				for width < 64 && x>>width != 0 {
					width++
				}
			}
			if m*block/minis >= n { // an unused one has any width and no data
				widths = append(widths, 77)
				continue
			}
			widths = append(widths, byte(width))
			data = append(data, packBits(part, width)...)
		}
		out = append(append(out, widths...), data...)
	}
	return out
}

func TestDelta(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 9))
		values := make([]int64, rnd.IntN(400))
		shift := rnd.IntN(64)
		for i := range values {
			values[i] = int64(rnd.Uint64()) >> shift
		}
		shape := [][2]int{{128, 4}, {128, 1}, {256, 8}, {64, 2}, {8, 1}}[rnd.IntN(5)]
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			src := deltaOf(values, 64, shape[0], shape[1])
			got := make([]int64, len(values))
			used, err := readDelta(got, append(src, 1, 2, 3))
			if err != nil || used != len(src) || !slices.Equal(got, values) {
				t.Fatalf("%d of %d bytes, %v: %v, want %v", used, len(src), err, got, values)
			}
			narrow := make([]int64, len(values))
			want := make([]int32, len(values))
			for i, x := range values {
				want[i] = int32(x)
				narrow[i] = int64(want[i])
			}
			src = deltaOf(narrow, 32, shape[0], shape[1])
			got32 := make([]int32, len(values))
			if used, err := readDelta(got32, src); err != nil || used != len(src) || !slices.Equal(got32, want) {
				t.Fatalf("int32: %v: %v, want %v", err, got32, want)
			}
			for cut := range src {
				if _, err := readDelta(got32, src[:cut]); err == nil && len(values) > 1 && cut < 5 {
					t.Fatalf("cut to %d bytes, it is read", cut)
				}
			}
		})
	}
	for name, src := range map[string][]byte{
		"no blocks":        {0, 1, 2, 0, 0, 0},
		"no miniblocks":    {128, 1, 0, 2, 0, 0, 0},
		"odd miniblocks":   {128, 1, 3, 2, 0, 0, 0},
		"other count":      {128, 1, 4, 9, 0, 0, 0},
		"65 bits":          {8, 1, 2, 0, 0, 65, 1, 2, 3, 4, 5, 6, 7, 8, 9},
		"a cut miniblock":  {8, 1, 2, 0, 0, 64, 1, 2, 3},
		"an unended block": {0xff, 0xff, 0xff},
	} {
		if _, err := readDelta(make([]int64, 2), src); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
