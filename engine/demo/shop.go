package demo

import (
	"fmt"
	"strings"

	"github.com/meshql/meshql/connectors/parquet"
)

// The shop's words. Weights are by repetition.
var (
	countries  = []string{"DE", "DE", "DE", "FR", "FR", "NL", "AT", "SE", "PL"}
	channels   = []string{"web", "web", "app", "app", "app", "store", "partner"}
	statuses   = []string{"paid", "shipped", "shipped", "shipped", "shipped", "returned", "cancelled", "placed"}
	methods    = []string{"card", "card", "wallet", "invoice", "transfer"}
	segments   = []string{"new", "regular", "regular", "loyal", "business"}
	carriers   = []string{"Gelbpost", "Nordpaket", "Tulip Express", "Hexagone"}
	modes      = []string{"road", "road", "road", "rail", "air"}
	firstNames = []string{"Anna", "Ben", "Clara", "David", "Emma", "Finn", "Greta", "Hugo", "Ida", "Jonas", "Klara", "Léo", "Mia", "Noé", "Olga", "Paul"}
	lastNames  = []string{"Arndt", "Bernard", "Cohen", "Dubois", "Eriksson", "Fischer", "Garcia", "Huber", "Ivanov", "Jansen", "Kowalski", "Lindqvist", "Moreau", "Nowak", "Olsen", "Petit", "Schulz"}
)

const (
	dayMicros = 86_400_000_000
	// opened is when the shop took its first order: 2024-01-01, in days.
	opened = 19723
	// years is how long it has been taking orders, in days.
	years = 730
)

// mix is splitmix64: the shop's only source of chance, a function of what it is
// asked about.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// chance returns a number below n for question q about row i.
func chance(i, q, n int) int { return int(mix(uint64(i)<<8|uint64(q)) % uint64(n)) }

func pick(words []string, i, q int) string { return words[chance(i, q, len(words))] }

// order is what several products say about order i.
type order struct {
	customer int
	country  string
	cents    int64
	at       int64 // µs
}

func orderOf(i, orders, customers int) order {
	c := 1 + chance(i, 1, customers)
	spread := int64(years) * dayMicros / int64(max(orders, 1))
	return order{customer: c, country: pick(countries, c, 40), cents: 500 + int64(chance(i, 2, 20_000)) + int64(chance(i, 3, 2))*int64(chance(i, 4, 80_000)),
		at: opened*dayMicros + (int64(i)*spread/1_000_000+int64(chance(i, 5, int(max(spread/1_000_000, 1)))))*1_000_000}
}

// shop returns the generated products for a number of orders.
func shop(orders int) []table {
	customers := max(orders/8, 8)
	shipped := func(i int) bool { s := pick(statuses, i, 7); return s == "shipped" || s == "returned" }
	var parcels []int // the orders that were sent
	for i := range orders {
		if shipped(i) {
			parcels = append(parcels, i)
		}
	}
	return []table{
		{path: "checkout/data/orders/orders.parquet", rows: orders, sorted: []int{0},
			columns: []parquet.WriteColumn{column("order_id", required), column("customer_id", bigint), column("country", text),
				column("channel", text), column("status", text), column("total", money), column("ordered_at", moment)},
			fill: func(i int, row []any) {
				o := orderOf(i, orders, customers)
				copy(row, []any{int64(i + 1), int64(o.customer), o.country, pick(channels, i, 6), pick(statuses, i, 7), o.cents, o.at})
			}},
		{path: "checkout/data/payments/payments.parquet", rows: orders, sorted: []int{0},
			columns: []parquet.WriteColumn{column("payment_id", required), column("order_id", bigint), column("country", text),
				column("method", text), column("amount", money), column("paid_at", moment)},
			fill: func(i int, row []any) {
				o := orderOf(i, orders, customers)
				copy(row, []any{int64(i + 5_000_001), int64(i + 1), o.country, pick(methods, i, 8), o.cents, o.at + int64(chance(i, 9, 86_400))*1_000_000})
			}},
		{path: "customers/data/profiles/profiles.parquet", rows: customers, sorted: []int{0},
			columns: []parquet.WriteColumn{column("customer_id", required), column("name", text), column("email", text), column("phone", text),
				column("birth_date", day), column("country", text), column("segment", text), column("marketing_consent", truth), column("credit_limit", money)},
			fill: func(i int, row []any) { fillProfile(i+1, row) }},
		{path: "customers/data/surveys/surveys.parquet", rows: customers / 2,
			columns: []parquet.WriteColumn{column("customer_id", bigint), column("year", integer), column("score", integer), column("household_income", money)},
			fill: func(i int, row []any) {
				copy(row, []any{int64(2*i + 1), int64(2024 + i%2), int64(chance(i, 10, 11)), int64(1_500_000 + chance(i, 11, 9_000_000))})
			}},
		{path: "logistics/data/shipments/shipments.parquet", rows: len(parcels), sorted: []int{0},
			columns: []parquet.WriteColumn{column("shipment_id", required), column("order_id", bigint), column("carrier", text), column("mode", text),
				column("weight_kg", double), column("shipped_at", moment), column("delivered_on", day)},
			fill: func(i int, row []any) {
				n := parcels[i]
				o := orderOf(n, orders, customers)
				at := o.at + int64(3_600+chance(n, 12, 172_800))*1_000_000
				var delivered any
				if chance(n, 13, 50) != 0 {
					delivered = int32(at/dayMicros) + int32(1+chance(n, 14, 6))
				}
				copy(row, []any{int64(i + 9_000_001), int64(n + 1), pick(carriers, n, 15), pick(modes, n, 16), float64(100+chance(n, 17, 20_000)) / 1000, at, delivered})
			}},
	}
}

func fillProfile(id int, row []any) {
	first, last := pick(firstNames, id, 20), pick(lastNames, id, 21)
	var phone any
	if chance(id, 22, 10) != 0 {
		phone = fmt.Sprintf("+49 30 %07d", chance(id, 23, 10_000_000))
	}
	copy(row, []any{int64(id), first + " " + last, strings.ToLower(fmt.Sprintf("%s.%s%d@mail.example", first, last, id)), phone,
		int32(-9_000 + chance(id, 24, 20_000)), pick(countries, id, 40), pick(segments, id, 25), chance(id, 26, 3) != 0, int64(50_000 * (1 + chance(id, 27, 20)))})
}
