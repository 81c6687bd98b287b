package catalog

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// TestVerifierOfMySQL checks digests that MySQL made: hashcat's examples of its
// modes 7401 and 300.
func TestVerifierOfMySQL(t *testing.T) {
	salt, _ := hex.DecodeString("F9CC98CE08892924F50A213B6BC571A2C11778C5")
	digest, _ := hex.DecodeString("625479393559393965414D45316477456B484F41316E64484742577A2E3162785353526B7554584647562F")
	for _, text := range []string{
		saltedSHA2Prefix + string(salt) + string(digest),
		"*FCF7C1B8749CF99D88E5F34271D636178FB5D130",
	} {
		v, err := ParseVerifier(text)
		if err != nil || !v.CheckPassword("hashcat") || v.CheckPassword("hashcat ") || v.CheckPassword("") {
			t.Errorf("%q does not verify: %v", text, err)
		}
	}
}

func TestVerifiersWeMake(t *testing.T) {
	for _, password := range []string{"", "x", "secret", "pässwörd", strings.Repeat("long ", 40)} {
		for _, text := range []string{NewVerifier(password), NewSaltedVerifier(password), NewNativeVerifier(password)} {
			v, err := ParseVerifier(text)
			if err != nil || !v.CheckPassword(password) || v.CheckPassword(password+"x") {
				t.Errorf("%q does not verify %q: %v", text, password, err)
			}
		}
	}
	if first := NewSaltedVerifier("x"); first == NewSaltedVerifier("x") {
		t.Error("the salt repeats")
	}
}

func TestScramble(t *testing.T) {
	nonce := []byte("0123456789abcdefghij")
	v, err := ParseVerifier(NewVerifier("secret"))
	if err != nil {
		t.Fatal(err)
	}
	answer := func(password string) []byte {
		one := sha256.Sum256([]byte(password))
		two := sha256.Sum256(one[:])
		three := sha256.Sum256(append(two[:], nonce...))
		subtle.XORBytes(three[:], three[:], one[:])
		return three[:]
	}
	if !v.CheckScramble(nonce, answer("secret")) {
		t.Error("the right answer is refused")
	}
	for _, wrong := range [][]byte{answer("Secret"), nil, {}, make([]byte, 32), answer("secret")[:31], append(answer("secret"), 0)} {
		if v.CheckScramble(nonce, wrong) {
			t.Errorf("answer %x is taken", wrong)
		}
	}
	if v.CheckScramble(nil, answer("secret")) || v.CheckNative(nonce, answer("secret")) {
		t.Error("an answer without a nonce, or of another method, is taken")
	}

	n, err := ParseVerifier(NewNativeVerifier("secret"))
	if err != nil {
		t.Fatal(err)
	}
	one := sha1.Sum([]byte("secret"))
	two := sha1.Sum(one[:])
	three := sha1.Sum(append(append([]byte(nil), nonce...), two[:]...))
	subtle.XORBytes(three[:], three[:], one[:])
	if !n.CheckNative(nonce, three[:]) || n.CheckNative(nonce, one[:]) || n.CheckNative(nonce, nil) || n.CheckScramble(nonce, three[:]) {
		t.Error("mysql_native_password is checked wrongly")
	}
}

func TestVerifierIsNotPrinted(t *testing.T) {
	v, err := ParseVerifier(NewVerifier("secret"))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(format, v); strings.Contains(text, v.digest) || len(text) > 20 {
			t.Errorf("%s prints %s", format, text)
		}
	}
	for _, text := range []string{"", "secret", "$sha2$", "$sha2$00", "$A$005$short", "$A$006$" + strings.Repeat("x", 63), "*12", "*" + strings.Repeat("g", 40)} {
		if _, err := ParseVerifier(text); err == nil || text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
