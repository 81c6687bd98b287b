package meshtest

import (
	"fmt"
	"testing"

	"github.com/meshql/meshql/planner/mysqltype"
)

// Types of columns in the test meshes.
var (
	BigInt    = mysqltype.Type{ID: mysqltype.BigInt}
	Double    = mysqltype.Type{ID: mysqltype.Double}
	Date      = mysqltype.Type{ID: mysqltype.Date}
	Timestamp = mysqltype.Type{ID: mysqltype.DateTime, Scale: 6}
	Text      = mysqltype.Type{ID: mysqltype.VarChar, Length: 255}
	Money     = mysqltype.Type{ID: mysqltype.Decimal, Precision: 10, Scale: 2}
	Boolean   = mysqltype.Type{ID: mysqltype.Bool}
)

// Shop is a mesh of three domains with n orders: an analyst bound to her
// country, an owner, a marketer bound by consent, support with masked PII, and a
// guest without any grant.
func Shop(tb testing.TB, n int) Mesh {
	tb.Helper()
	countries := []string{"DE", "FR", "NL", "SE"}
	var orders, profiles, shipments [][]any
	for i := range int64(n) {
		var note any
		if i%7 != 0 {
			note = fmt.Sprintf("note %d", i%13)
		}
		orders = append(orders, []any{i, i % int64(max(n/4, 1)), (i*7919%100_000 + 1), countries[i%4], int32(19000 + i%365), note})
		if i%3 != 0 {
			shipments = append(shipments, []any{i + 1_000_000, i, []string{"air", "road", "sea"}[i%3], (19000+i%365)*86_400_000_000 + i})
		}
	}
	for i := range int64(max(n/4, 1)) {
		profiles = append(profiles, []any{i, fmt.Sprintf("Name %d", i), fmt.Sprintf("user%d@mail.example", i), countries[i%4], i%2 == 0, i * 10})
	}
	key := []string{"primaryKey: true", "required: true"}
	return Mesh{
		Products: []Product{
			{Domain: "checkout", Name: "orders", RowGroup: max(n/4, 1), Rows: orders, Columns: []Column{
				{"order_id", BigInt, key}, {"customer_id", BigInt, []string{"tags: [\"entity:customer\"]", "description: Who ordered"}},
				{"total", Money, []string{"description: What the customer paid"}}, {"country", Text, nil}, {"ordered_on", Date, nil}, {"note", Text, nil}}},
			{Domain: "customers", Name: "profiles", Rows: profiles, Columns: []Column{
				{"customer_id", BigInt, append([]string{"tags: [\"entity:customer\"]"}, key...)}, {"name", Text, []string{"tags: [pii]"}},
				{"email", Text, []string{"tags: [pii]"}}, {"country", Text, nil}, {"marketing_consent", Boolean, nil}, {"credit_limit", BigInt, []string{"classification: confidential"}}}},
			{Domain: "logistics", Name: "shipments", Rows: shipments, Columns: []Column{
				{"shipment_id", BigInt, key}, {"order_id", BigInt, nil}, {"mode", Text, nil}, {"shipped_at", Timestamp, nil}}},
		},
		Files: map[string]string{
			"identity.yaml": `users:
  ana: {password: "` + Password + `", roles: [analyst], attributes: {country: DE}, purposes: [analytics], default_purpose: analytics}
  owen: {password: "` + Password + `", roles: [checkout_owner, analyst], purposes: [analytics]}
  mara: {password: "` + Password + `", roles: [marketer], purposes: [marketing]}
  sam: {password: "` + Password + `", roles: [support], purposes: [fulfilment]}
  guest: {password: "` + Password + `"}
`,
			"guild/policies.yaml": `- id: guild.pii
  match: {tag: pii}
  mask: hash
  except: {all: ["role:pii_reader"]}
- {id: guild.consent, match: {product: customers.profiles}, rows: "marketing_consent", except: {any: ["purpose:fulfilment", "purpose:analytics"]}}
- {id: guild.confidential, match: {classification: confidential}, mask: deny, except: {any: ["role:customers_owner"]}}
`,
			"checkout/policies/policies.yaml": `- {id: read, match: {product: orders}, grant: select, to: ["role:analyst", "role:support"]}
- {id: region, match: {product: orders}, to: ["role:analyst"], rows: "country = user.country", except: {any: ["role:checkout_owner"]}}
- {id: total, match: {product: orders, column: total}, to: ["role:support"], mask: "bucket(100)"}
- test: analyst sees own country
  as: {roles: [analyst], attributes: {country: DE}, purpose: analytics}
  query: "SELECT DISTINCT country FROM checkout.orders"
  expect: [[DE]]
`,
			"customers/policies/policies.yaml": `- {id: read, grant: select, to: ["role:analyst", "role:marketer", "role:support"]}
- {id: mail, match: {product: profiles, column: email}, to: ["role:support"], mask: hash}
`,
			"logistics/policies/policies.yaml": `- {id: read, grant: select, to: ["role:analyst", "role:support"]}
- {id: find, grant: discover}
`,
		},
	}
}

// Password is the caching_sha2_password verifier of the password "secret".
const Password = "$A$005$secretMESHQLmeshqlMEqRICTfyuP6DqiF0hW9lnq5F.fDGmcs3DfwV4PComlP."
