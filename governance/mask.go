package governance

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/meshql/meshql/governance/descriptor"
)

// MaskKind is a row of the table of masks.
type MaskKind uint8

const (
	NoMask         MaskKind = iota
	DenyMask                // the column does not exist
	NullMask                // NULL
	ConstantMask            // Text is an SQL constant
	HashMask                // HMAC-SHA256
	PartialMask             // First and Last code points
	EmailMask               // a***@***
	BucketMask              // Text is the width, a positive number
	TruncateMask            // Text is the unit
	ExpressionMask          // Text is an SQL expression
)

// Mask is what a policy replaces a column with.
type Mask struct {
	descriptor.Position
	Kind        MaskKind
	Text        string
	First, Last int // PartialMask
}

// String returns the mask as its author may have written it.
func (m Mask) String() string {
	switch m.Kind {
	case NoMask:
		return "none"
	case DenyMask:
		return "deny"
	case NullMask:
		return "null"
	case ConstantMask:
		return "constant(" + m.Text + ")"
	case HashMask:
		return "hash"
	case PartialMask:
		return "partial(" + strconv.Itoa(m.First) + ", " + strconv.Itoa(m.Last) + ")"
	case EmailMask:
		return "email"
	case BucketMask:
		return "bucket(" + m.Text + ")"
	case TruncateMask:
		return "truncate_date(" + m.Text + ")"
	case ExpressionMask:
	}
	return m.Text
}

// Name returns the mask without its arguments, "expression" for an expression.
func (m Mask) Name() string {
	if m.Kind == ExpressionMask {
		return "expression"
	}
	name, _, _ := strings.Cut(m.String(), "(")
	return name
}

// TruncateUnits are the units of truncate_date.
var truncateUnits = []string{"year", "quarter", "month", "week", "day", "hour", "minute", "second"}

var maskCall = regexp.MustCompile(`(?is)^\s*(deny|null|hash|email|constant|partial|bucket|truncate_date)\s*(?:\((.*)\))?\s*$`)

// UnmarshalNode takes a mask of the table or an SQL expression. A bare YAML
// null is the mask null.
func (m *Mask) UnmarshalNode(n *descriptor.Node) error {
	m.Position = n.Position
	if n.Kind == descriptor.Null {
		m.Kind = NullMask
		return nil
	}
	text, ok := n.Value.(string)
	if !ok || strings.TrimSpace(text) == "" {
		return n.Errorf("MQ105", "put it in quotes", "this is no mask")
	}
	call := maskCall.FindStringSubmatch(text)
	if call == nil {
		m.Kind, m.Text = ExpressionMask, text
		return nil
	}
	return m.builtin(n, strings.ToLower(call[1]), strings.TrimSpace(call[2]), strings.Contains(text, "("))
}

// builtin reads a mask of the table from its name and arguments.
func (m *Mask) builtin(n *descriptor.Node, name, argument string, hasArgument bool) error {
	m.Text = argument
	switch name {
	case "deny":
		m.Kind = DenyMask
	case "null":
		m.Kind = NullMask
	case "hash":
		m.Kind = HashMask
	case "email":
		m.Kind = EmailMask
	case "constant":
		if m.Kind = ConstantMask; argument == "" {
			return n.Errorf("MQ105", "for example constant('hidden')", "constant needs a value")
		}
		return nil
	case "bucket":
		if m.Kind = BucketMask; !bucketWidth.MatchString(argument) || strings.Trim(argument, "0.") == "" {
			return n.Errorf("MQ105", "for example bucket(100)", "bucket needs a positive number of at most 15 digits")
		}
		return nil
	case "truncate_date":
		if m.Kind, m.Text = TruncateMask, strings.ToLower(argument); !slices.Contains(truncateUnits, m.Text) {
			return n.Errorf("MQ105", "one of "+strings.Join(truncateUnits, ", "), "truncate_date needs a unit")
		}
		return nil
	case "partial":
		m.Kind, m.Text = PartialMask, ""
		ends := partialEnds.FindStringSubmatch(argument)
		if ends == nil {
			return n.Errorf("MQ105", "for example partial(2, 2)", "partial needs two numbers of code points, each at most 999")
		}
		m.First, _ = strconv.Atoi(ends[1])
		m.Last, _ = strconv.Atoi(ends[2])
		return nil
	}
	if hasArgument {
		return n.Errorf("MQ105", "leave the parentheses out", "%s takes no argument", name)
	}
	return nil
}

var (
	bucketWidth = regexp.MustCompile(`^[0-9]{1,15}$|^[0-9]{1,10}\.[0-9]{1,5}$`)
	partialEnds = regexp.MustCompile(`^(\d{1,3})\s*,\s*(\d{1,3})$`)
)
