-- What fails or warns on pairs of rows that another join would take away: the
-- order of joins, which looks at what is hidden, must not show.
SELECT COUNT(*) FROM checkout.orders o JOIN checkout.payments p ON p.order_id = o.order_id AND EXP(o.total - p.amount + o.order_id) > 0 JOIN logistics.shipments s ON s.order_id = o.order_id AND s.shipment_id < 9000100;
SELECT COUNT(*) FROM checkout.orders o JOIN logistics.shipments s ON s.order_id = o.order_id JOIN checkout.payments p ON p.order_id = s.order_id AND 1 / (o.order_id - p.order_id) IS NULL WHERE s.weight_kg < 0;
SELECT COUNT(*) FROM checkout.orders o, checkout.payments p, logistics.shipments s WHERE o.order_id = p.order_id AND s.order_id = o.order_id AND EXP(o.order_id + p.amount) > 1 AND s.weight_kg > 100000;
SELECT COUNT(*) FROM checkout.orders o, checkout.payments p, logistics.shipments s WHERE o.order_id = p.order_id AND s.order_id = p.order_id AND EXP(o.order_id * s.order_id) > 1 AND p.method = 'none';
SELECT COUNT(*) FROM checkout.orders o, checkout.payments p, logistics.shipments s WHERE o.order_id = p.order_id AND s.order_id = p.order_id AND EXP(o.order_id * s.order_id) > 1 AND p.method > 'zzz';
SELECT COUNT(*) FROM checkout.orders o, checkout.payments p WHERE o.order_id = p.order_id AND EXP(o.order_id) > 1 AND p.method = 'none';
SELECT COUNT(*) FROM checkout.orders o, checkout.payments p WHERE o.order_id = p.order_id AND EXP(o.order_id) > 1 AND p.method > 'zzz';
SELECT COUNT(*) FROM checkout.orders o, checkout.payments p WHERE o.order_id = p.order_id AND EXP(p.order_id) > 1 AND o.channel = 'none';
SELECT COUNT(*) FROM checkout.orders o, checkout.payments p WHERE o.order_id = p.order_id AND EXP(p.order_id) > 1 AND o.channel > 'zzz';
SELECT COUNT(*) FROM (SELECT EXP(order_id) AS e, order_id FROM checkout.orders) o JOIN (SELECT order_id FROM checkout.payments WHERE method = 'none') p ON p.order_id = o.order_id AND o.e > 1;
SELECT COUNT(*) FROM (SELECT EXP(order_id) AS e, order_id FROM checkout.orders) o JOIN (SELECT order_id FROM checkout.payments WHERE method > 'zzz') p ON p.order_id = o.order_id AND o.e > 1;
SELECT COUNT(*) FROM (SELECT EXP(order_id) AS e, order_id FROM checkout.payments) o JOIN (SELECT order_id FROM checkout.orders WHERE channel = 'none') p ON p.order_id = o.order_id AND o.e > 1;
SELECT COUNT(*) FROM (SELECT EXP(order_id) AS e, order_id FROM checkout.payments) o JOIN (SELECT order_id FROM checkout.orders WHERE channel > 'zzz') p ON p.order_id = o.order_id AND o.e > 1;
SELECT COUNT(*) FROM checkout.orders o JOIN checkout.payments p ON EXP(o.order_id) = p.order_id WHERE p.method = 'none';
SELECT COUNT(*) FROM checkout.orders o JOIN checkout.payments p ON EXP(o.order_id) = p.order_id WHERE p.method > 'zzz';
SELECT COUNT(*) FROM checkout.orders o JOIN checkout.payments p ON o.order_id = EXP(p.order_id) WHERE o.channel = 'none';
SELECT COUNT(*) FROM checkout.orders o JOIN checkout.payments p ON o.order_id = EXP(p.order_id) WHERE o.channel > 'zzz';
SELECT COUNT(*) FROM checkout.orders o JOIN checkout.payments p ON o.order_id = 1 / (p.order_id - 7) WHERE o.channel = 'none';
SELECT COUNT(*) FROM checkout.orders o JOIN checkout.payments p ON o.order_id = 1 / (p.order_id - 7) WHERE o.channel > 'zzz';
SELECT COUNT(*) FROM checkout.orders o JOIN checkout.payments p ON p.order_id = 1 / (o.order_id - 7) WHERE p.method = 'none';
SELECT COUNT(*) FROM checkout.orders o JOIN checkout.payments p ON p.order_id = 1 / (o.order_id - 7) WHERE p.method > 'zzz';
SELECT COUNT(*) FROM customers.profiles c JOIN checkout.orders o ON o.customer_id = c.customer_id JOIN checkout.payments p ON p.order_id = o.order_id WHERE CAST(CONCAT(c.segment, p.method) AS SIGNED) = 0 AND o.status = 'none';
