package mysqltype

import "strings"

var collations = [...]string{
	Binary0900:      "utf8mb4_0900_bin",
	AI0900:          "utf8mb4_0900_ai_ci",
	AS0900:          "utf8mb4_0900_as_ci",
	CS0900:          "utf8mb4_0900_as_cs",
	GeneralCI:       "utf8mb4_general_ci",
	BinaryCollation: "binary",
}

// String returns the collation's name.
func (c Collation) String() string {
	if int(c) < len(collations) {
		return collations[c]
	}
	return "unknown"
}

// ParseCollation returns the collation of a name. Collations that pad, such as
// utf8mb4_bin, are not among them, but for utf8mb4_general_ci.
func ParseCollation(name string) (Collation, bool) {
	name = strings.ToLower(name)
	for i, n := range collations {
		if n == name {
			return Collation(i), true
		}
	}
	return 0, false
}
