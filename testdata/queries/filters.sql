-- ordered
SELECT * FROM checkout.orders WHERE order_id < 40 ORDER BY order_id;
-- ordered
SELECT * FROM customers.profiles ORDER BY customer_id;
-- ordered
SELECT order_id, total FROM checkout.orders ORDER BY order_id DESC LIMIT 5;
-- ordered
SELECT order_id FROM checkout.orders ORDER BY total DESC, order_id LIMIT 10 OFFSET 5;
-- ordered
SELECT order_id FROM checkout.orders ORDER BY ordered_at DESC, order_id LIMIT 3;
SELECT order_id FROM checkout.orders WHERE order_id = 900001;
SELECT order_id FROM checkout.orders WHERE order_id IN (1, 2, 3, 5, 8, 13, 21, 34);
SELECT order_id, country FROM checkout.orders WHERE country <> 'DE';
SELECT order_id FROM checkout.orders WHERE country = 'FR' OR total > 900;
SELECT order_id FROM checkout.orders WHERE country IS NULL;
SELECT order_id FROM checkout.orders WHERE country IS NOT NULL AND total < 10;
SELECT order_id FROM checkout.orders WHERE NOT (total > 10);
SELECT order_id FROM checkout.orders WHERE total / 0 IS NULL AND order_id < 30;
SELECT order_id FROM checkout.orders WHERE 1 / (total - 100.01) > 5;
SELECT order_id FROM checkout.orders WHERE total + 0.005 > 800 AND channel = 'web';
SELECT order_id FROM checkout.orders WHERE CAST(country AS SIGNED) = 0 AND order_id < 30;
SELECT order_id FROM checkout.orders WHERE CAST(channel AS DATE) IS NULL AND order_id < 30;
SELECT order_id FROM checkout.orders WHERE order_id + 1 > 1990;
SELECT order_id FROM checkout.orders WHERE order_id * 2 < 50;
SELECT order_id FROM checkout.orders WHERE channel LIKE '%e%' AND status LIKE 's_ipped' AND order_id < 100;
SELECT order_id FROM checkout.orders WHERE status REGEXP '^ret' AND order_id < 300;
SELECT order_id FROM checkout.orders WHERE ordered_at >= '2025-06-01' AND ordered_at < '2025-06-05';
SELECT order_id FROM checkout.orders WHERE DATE(ordered_at) = '2025-03-03';
SELECT order_id FROM checkout.orders WHERE UPPER(country) = 'FR';
SELECT order_id FROM checkout.orders WHERE country COLLATE utf8mb4_0900_ai_ci = 'de' AND order_id < 50;
SELECT order_id FROM checkout.orders WHERE (country, channel) = ('DE', 'web') AND order_id < 100;
SELECT order_id FROM checkout.orders WHERE (order_id, country) IN ((1, 'DE'), (2, 'FR'), (3, 'SE'));
SELECT order_id FROM checkout.orders WHERE order_id <=> NULL;
SELECT order_id FROM checkout.orders WHERE total IN (100, 200.5, NULL);
SELECT DISTINCT country FROM checkout.orders;
SELECT DISTINCT channel, status FROM checkout.orders WHERE total > 500;
SELECT ABS(total), LENGTH(country), IF(total > 100, 'big', 'small'), COALESCE(NULL, status) FROM checkout.orders WHERE order_id < 50;
SELECT CASE country WHEN 'DE' THEN 1 WHEN 'FR' THEN 1 / 0 ELSE NULL END FROM checkout.orders WHERE order_id < 50;
SELECT customer_id FROM customers.profiles WHERE country = 'DE' AND marketing_consent;
SELECT customer_id, marketing_consent FROM customers.profiles WHERE NOT marketing_consent;
SELECT customer_id FROM customers.profiles WHERE segment IN ('new', 'loyal');
SELECT shipment_id, delivered_on - INTERVAL 1 DAY FROM logistics.shipments WHERE delivered_on > '2025-11-01';
SELECT carrier, weight_kg FROM logistics.shipments WHERE weight_kg > 19.5;
SELECT payment_id, amount FROM checkout.payments WHERE amount = (SELECT MAX(amount) FROM checkout.payments);
SELECT 1, 'x', NULL, 1.5, DATE '2025-01-01';
SELECT COUNT(*) FROM (SELECT 1 FROM checkout.orders LIMIT 7) AS x;
TABLE logistics.shipments;
VALUES ROW(1, 'a'), ROW(2, 'b');
SELECT name, city FROM aviation.airports WHERE iata = 'SEA';
SELECT order_id, SQRT(total - 100), LN(total - 100) FROM checkout.orders WHERE order_id < 100;
