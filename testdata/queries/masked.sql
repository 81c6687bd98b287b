SELECT customer_id, name, email, phone, birth_date FROM customers.profiles;
SELECT customer_id FROM customers.profiles WHERE email LIKE 'a%';
SELECT customer_id FROM customers.profiles WHERE email = 'anna.arndt1@mail.example';
SELECT customer_id FROM customers.profiles WHERE email REGEXP '^[0-9]';
SELECT customer_id FROM customers.profiles WHERE email IN (SELECT name FROM customers.profiles);
SELECT customer_id FROM customers.profiles WHERE phone IS NULL;
SELECT customer_id FROM customers.profiles WHERE phone LIKE '%7%';
SELECT customer_id FROM customers.profiles WHERE NOT (phone <=> NULL);
SELECT customer_id FROM customers.profiles WHERE LENGTH(phone) > 4;
SELECT customer_id FROM customers.profiles WHERE name > 'M';
SELECT customer_id FROM customers.profiles WHERE (customer_id, email) IN ((7, 'x'), (8, 'a***@***'));
SELECT phone, COUNT(*) FROM customers.profiles GROUP BY phone;
SELECT email, COUNT(*) FROM customers.profiles GROUP BY email;
SELECT name, COUNT(*) FROM customers.profiles GROUP BY name HAVING COUNT(*) > 1;
SELECT birth_date, COUNT(*) FROM customers.profiles GROUP BY birth_date;
SELECT DISTINCT phone FROM customers.profiles;
SELECT DISTINCT LEFT(name, 1) FROM customers.profiles;
-- ordered
SELECT customer_id, email FROM customers.profiles ORDER BY email, customer_id;
-- ordered
SELECT customer_id FROM customers.profiles ORDER BY phone DESC, customer_id LIMIT 10;
-- ordered
SELECT customer_id FROM customers.profiles ORDER BY birth_date, customer_id LIMIT 20;
SELECT MIN(email), MAX(email), MIN(phone), MAX(phone), MIN(birth_date), MAX(birth_date), MIN(name) FROM customers.profiles;
SELECT country, MIN(phone), MAX(birth_date) FROM customers.profiles GROUP BY country;
SELECT COUNT(DISTINCT phone), COUNT(DISTINCT name), COUNT(DISTINCT birth_date) FROM customers.profiles;
SELECT CONCAT(name, email), UPPER(name), REVERSE(phone), MD5(email), LENGTH(phone) FROM customers.profiles;
SELECT YEAR(birth_date), COUNT(*) FROM customers.profiles GROUP BY YEAR(birth_date);
SELECT CAST(phone AS SIGNED) FROM customers.profiles;
SELECT CAST(email AS DECIMAL(2,0)) FROM customers.profiles;
SELECT CAST(name AS DATE) FROM customers.profiles;
SELECT phone + 0, -email FROM customers.profiles;
SELECT name REGEXP CONCAT('(', email, ')') FROM customers.profiles;
SELECT total, COUNT(*) FROM checkout.orders GROUP BY total;
SELECT order_id FROM checkout.orders WHERE total = 150;
SELECT order_id FROM checkout.orders WHERE total BETWEEN 151 AND 199;
SELECT order_id, total % 50, total / 7, total * total FROM checkout.orders WHERE order_id < 200;
-- ordered
SELECT order_id FROM checkout.orders ORDER BY total, order_id;
SELECT IF(email LIKE 'a%', 'yes', 'no'), COUNT(*) FROM customers.profiles GROUP BY 1;
SELECT a.customer_id FROM customers.profiles a WHERE a.phone IN (SELECT b.phone FROM customers.profiles b WHERE b.customer_id < 10);
SELECT credit_limit FROM customers.profiles;
SELECT COUNT(*) FROM customers.profiles WHERE credit_limit > 100000;
SELECT customer_id FROM customers.profiles ORDER BY credit_limit;
SELECT segment, SUM(credit_limit) FROM customers.profiles GROUP BY segment;
