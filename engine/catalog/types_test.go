package catalog

import (
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestTypes prints the MySQL type of each line "logical | physical | options".
func TestTypes(t *testing.T) {
	datadriven.RunTest(t, "testdata/types", func(t *testing.T, d *datadriven.TestData) string {
		var b strings.Builder
		for line := range strings.SplitSeq(d.Input, "\n") {
			parts := strings.Split(line+"||", "|")
			c := declared{logical: strings.TrimSpace(parts[0]), physical: strings.TrimSpace(parts[1])}
			switch option := strings.TrimSpace(parts[2]); {
			case option == "timezone":
				c.zoned = true
			case option == "maxLength 20":
				c.maxLen = 20
			case option == "maxLength 99999":
				c.maxLen = 99999
			default:
				c.format = option
			}
			typ, err := c.mysqlType()
			if err != nil {
				b.WriteString("error: " + err.Error() + "\n")
				continue
			}
			b.WriteString(typ.String() + "\n")
		}
		return b.String()
	})
}
