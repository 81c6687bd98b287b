package catalog

import (
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"strings"
)

// Verifier checks a password without holding it. Three forms stand in
// identity.yaml:
//
//   - $sha2$ and 64 hex digits, SHA256(SHA256(password)): what MySQL keeps in
//     its caching_sha2_password cache. It checks a login's scramble, so clients
//     log in without sending the password. It has no salt: guard the file, and
//     give users long passwords.
//   - $A$005$ with salt and digest, as MySQL stores caching_sha2_password:
//     salted and slow, but only a password sent over TLS can be checked against it.
//   - * and 40 hex digits, SHA1(SHA1(password)): mysql_native_password, for old
//     clients.
//
// It prints as nothing, so that no log holds one.
type Verifier struct {
	kind   verifierKind
	salt   []byte
	digest string // raw bytes; for saltedSHA2 the 43 characters
}

type verifierKind uint8

const (
	noVerifier verifierKind = iota
	doubleSHA2
	saltedSHA2
	nativeSHA1
)

const (
	doubleSHA2Prefix = "$sha2$"
	saltedSHA2Prefix = "$A$005$"
	saltSize         = 20
	saltedRounds     = 5000
)

// NewVerifier returns a password's $sha2$ form.
func NewVerifier(password string) string {
	inner := sha256.Sum256([]byte(password))
	outer := sha256.Sum256(inner[:])
	return doubleSHA2Prefix + hex.EncodeToString(outer[:])
}

// NewSaltedVerifier returns a password's $A$005$ form with a new salt.
func NewSaltedVerifier(password string) string {
	salt := make([]byte, saltSize)
	rand.Read(salt)
	for i := range salt {
		salt[i] = cryptAlphabet[salt[i]&63]
	}
	return saltedSHA2Prefix + string(salt) + sha256Crypt([]byte(password), salt, saltedRounds)
}

// NewNativeVerifier returns a password's mysql_native_password form.
func NewNativeVerifier(password string) string {
	inner := sha1.Sum([]byte(password))
	outer := sha1.Sum(inner[:])
	return "*" + strings.ToUpper(hex.EncodeToString(outer[:]))
}

// ParseVerifier reads one of the forms.
func ParseVerifier(text string) (Verifier, error) {
	if rest, ok := strings.CutPrefix(text, doubleSHA2Prefix); ok {
		return hexVerifier(doubleSHA2, rest, sha256.Size)
	}
	if rest, ok := strings.CutPrefix(text, saltedSHA2Prefix); ok && len(rest) == saltSize+43 {
		return Verifier{kind: saltedSHA2, salt: []byte(rest[:saltSize]), digest: rest[saltSize:]}, nil
	}
	if rest, ok := strings.CutPrefix(text, "*"); ok {
		return hexVerifier(nativeSHA1, rest, sha1.Size)
	}
	return Verifier{}, errVerifier
}

var errVerifier = errors.New("this is no password verifier")

func hexVerifier(kind verifierKind, text string, size int) (Verifier, error) {
	digest, err := hex.DecodeString(text)
	if err != nil || len(digest) != size {
		return Verifier{}, errVerifier
	}
	return Verifier{kind: kind, digest: string(digest)}, nil
}

// Equal reports whether two verifiers were made the same way from the same
// password and salt.
func (v Verifier) Equal(w Verifier) bool {
	return v.kind == w.kind && v.digest == w.digest && string(v.salt) == string(w.salt)
}

// String hides the verifier.
func (v Verifier) String() string { return "[verifier]" }

// GoString hides the verifier.
func (v Verifier) GoString() string { return "[verifier]" }

// CheckPassword reports whether this is the password, in every form.
func (v Verifier) CheckPassword(password string) bool {
	var digest string
	switch v.kind {
	case noVerifier:
		return false
	case doubleSHA2:
		inner := sha256.Sum256([]byte(password))
		outer := sha256.Sum256(inner[:])
		digest = string(outer[:])
	case saltedSHA2:
		if len(password) > 256 {
			return false
		}
		digest = sha256Crypt([]byte(password), v.salt, saltedRounds)
	case nativeSHA1:
		inner := sha1.Sum([]byte(password))
		outer := sha1.Sum(inner[:])
		digest = string(outer[:])
	}
	return subtle.ConstantTimeCompare([]byte(digest), []byte(v.digest)) == 1
}

// CanScramble reports whether CheckScramble can answer; without it only a
// password sent over TLS can be checked.
func (v Verifier) CanScramble() bool { return v.kind == doubleSHA2 }

// CheckScramble checks caching_sha2_password's answer to nonce:
// SHA256(password) XOR SHA256(SHA256(SHA256(password)), nonce).
func (v Verifier) CheckScramble(nonce, answer []byte) bool {
	if v.kind != doubleSHA2 || len(answer) != sha256.Size || len(nonce) == 0 {
		return false
	}
	mask := sha256.Sum256(append([]byte(v.digest), nonce...))
	subtle.XORBytes(mask[:], mask[:], answer)
	stored := sha256.Sum256(mask[:])
	return subtle.ConstantTimeCompare(stored[:], []byte(v.digest)) == 1
}

// IsNative reports whether the user logs in by mysql_native_password.
func (v Verifier) IsNative() bool { return v.kind == nativeSHA1 }

// CheckNative checks mysql_native_password's answer to nonce:
// SHA1(password) XOR SHA1(nonce, SHA1(SHA1(password))).
func (v Verifier) CheckNative(nonce, answer []byte) bool {
	if v.kind != nativeSHA1 || len(answer) != sha1.Size || len(nonce) == 0 {
		return false
	}
	mask := sha1.Sum(append(append([]byte(nil), nonce...), v.digest...))
	subtle.XORBytes(mask[:], mask[:], answer)
	stored := sha1.Sum(mask[:])
	return subtle.ConstantTimeCompare(stored[:], []byte(v.digest)) == 1
}

const cryptAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// sha256Crypt is the SHA-256 crypt scheme as MySQL uses it, with salts of up to
// 20 bytes; the result has 43 characters.
func sha256Crypt(key, salt []byte, rounds int) string {
	repeat := func(block []byte, n int) []byte {
		out := make([]byte, 0, n)
		for len(out) < n {
			out = append(out, block[:min(len(block), n-len(out))]...)
		}
		return out
	}
	sum := func(parts ...[]byte) []byte {
		h := sha256.New()
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	b := sum(key, salt, key)
	parts := [][]byte{key, salt, repeat(b, len(key))}
	for n := len(key); n > 0; n >>= 1 {
		if n&1 == 1 {
			parts = append(parts, b)
		} else {
			parts = append(parts, key)
		}
	}
	a := sum(parts...)
	var keys, salts [][]byte
	for range key {
		keys = append(keys, key)
	}
	for range 16 + int(a[0]) {
		salts = append(salts, salt)
	}
	p, s := repeat(sum(keys...), len(key)), repeat(sum(salts...), len(salt))
	for i := range rounds {
		round := make([][]byte, 0, 4)
		if i&1 == 1 {
			round = append(round, p)
		} else {
			round = append(round, a)
		}
		if i%3 != 0 {
			round = append(round, s)
		}
		if i%7 != 0 {
			round = append(round, p)
		}
		if i&1 == 1 {
			round = append(round, a)
		} else {
			round = append(round, p)
		}
		a = sum(round...)
	}
	out := make([]byte, 0, 43)
	encode := func(w uint, n int) {
		for range n {
			out = append(out, cryptAlphabet[w&63])
			w >>= 6
		}
	}
	for i := range 10 {
		x, y, z := i, 10+i, 20+i
		switch i % 3 {
		case 1:
			x, y, z = 20+i, i, 10+i
		case 2:
			x, y, z = 10+i, 20+i, i
		}
		encode(uint(a[x])<<16|uint(a[y])<<8|uint(a[z]), 4)
	}
	encode(uint(a[31])<<8|uint(a[30]), 3)
	return string(out)
}
