package org.meshql;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;

/** What a BI tool does on connecting and for a dashboard, with both drivers, as the analyst of the demo mesh. */
public final class JdbcCheck {
    private static int passed;

    public static void main(String[] args) throws Exception {
        String address = args[0];
        check("MySQL Connector/J", "jdbc:mysql://" + address + "/checkout?sslMode=REQUIRED");
        check("MySQL Connector/J, server-side prepared", "jdbc:mysql://" + address + "/checkout?sslMode=REQUIRED&useServerPrepStmts=true&useCursorFetch=false");
        check("MySQL Connector/J, cursors asked for", "jdbc:mysql://" + address + "/checkout?sslMode=REQUIRED&useServerPrepStmts=true&useCursorFetch=true&defaultFetchSize=100");
        check("MariaDB Connector/J", "jdbc:mariadb://" + address + "/checkout?sslMode=trust");
        check("MariaDB Connector/J, server-side prepared", "jdbc:mariadb://" + address + "/checkout?sslMode=trust&useServerPrepStmts=true");
        System.out.println(passed + " passed, 0 failed");
    }

    private static void check(String name, String url) throws Exception {
        try (Connection c = DriverManager.getConnection(url, "ana", "ana")) {
            metadata(c);
            prepared(c);
            arguments(c);
            manyRows(c);
            errors(c);
        }
        passed++;
        System.out.println("ok  " + name);
    }

    private static void metadata(Connection c) throws SQLException {
        DatabaseMetaData m = c.getMetaData();
        List<String> catalogs = column(m.getCatalogs(), "TABLE_CAT");
        expect(catalogs.contains("checkout") && catalogs.contains("customers") && catalogs.contains("logistics"), "catalogs " + catalogs);
        List<String> tables = column(m.getTables("checkout", null, "%", new String[] {"TABLE"}), "TABLE_NAME");
        expect(tables.contains("orders"), "tables " + tables);
        List<String> columns = column(m.getColumns("checkout", null, "orders", "%"), "COLUMN_NAME");
        expect(columns.contains("order_id") && columns.contains("total"), "columns " + columns);
        List<String> keys = column(m.getPrimaryKeys("checkout", null, "orders"), "COLUMN_NAME");
        expect(keys.equals(List.of("order_id")), "keys " + keys);
        List<String> remarks = column(m.getColumns("checkout", null, "orders", "total"), "REMARKS");
        expect(remarks.size() == 1 && !remarks.get(0).isEmpty(), "the contract's words as remarks, got " + remarks);
        column(m.getImportedKeys("checkout", null, "orders"), "FKCOLUMN_NAME");
        List<String> best = column(m.getBestRowIdentifier("checkout", null, "orders", DatabaseMetaData.bestRowSession, true), "COLUMN_NAME");
        expect(best.equals(List.of("order_id")), "best row identifier " + best);
        column(m.getIndexInfo("checkout", null, "orders", false, true), "COLUMN_NAME");
    }

    private static void prepared(Connection c) throws SQLException {
        String sql = "SELECT order_id, total, country FROM checkout.orders WHERE total > ? AND order_id < ? ORDER BY order_id LIMIT ?";
        try (PreparedStatement p = c.prepareStatement(sql)) {
            for (int limit : new int[] {3, 5}) {
                p.setBigDecimal(1, new BigDecimal("10.00"));
                p.setLong(2, 100_000);
                p.setInt(3, limit);
                try (ResultSet r = p.executeQuery()) {
                    ResultSetMetaData m = r.getMetaData();
                    expect(m.getColumnCount() == 3 && m.getColumnName(2).equals("total"), "result columns");
                    int n = 0;
                    while (r.next()) {
                        n++;
                        expect(r.getLong(1) < 100_000 && r.getBigDecimal(2).compareTo(new BigDecimal("10.00")) > 0, "a row out of range");
                        expect("DE".equals(r.getString(3)), "a row of another country passed the row filter");
                    }
                    expect(n == limit, n + " rows instead of " + limit);
                }
            }
        }
    }

    /** One statement executed with values of several types in turn; each comes back as it was sent. */
    private static void arguments(Connection c) throws SQLException {
        String sql = "SELECT CAST(? AS DATE), CAST(? AS DATETIME(6)), CAST(? AS DECIMAL(38,10)), ? IS NULL, ? + 0, CAST(? AS TIME(3)), ?";
        try (PreparedStatement p = c.prepareStatement(sql)) {
            for (int round = 0; round < 4; round++) {
                Date date = Date.valueOf("202" + round + "-02-28");
                Timestamp time = Timestamp.valueOf("2026-01-02 03:04:05.00500" + round);
                BigDecimal decimal = new BigDecimal("-1234567890123456789012345678.012345678" + round);
                p.setDate(1, date);
                p.setTimestamp(2, time);
                p.setBigDecimal(3, decimal);
                if (round % 2 == 0) {
                    p.setNull(4, Types.VARCHAR);
                } else {
                    p.setString(4, "");
                }
                p.setLong(5, Long.MIN_VALUE + round);
                p.setString(6, "-26:03:04.5");
                p.setString(7, "Ω'\\" + round);
                try (ResultSet r = p.executeQuery()) {
                    expect(r.next(), "a row");
                    expect(date.equals(r.getDate(1)), "date " + r.getString(1));
                    expect(time.equals(r.getTimestamp(2)), "timestamp " + r.getString(2));
                    expect(decimal.equals(r.getBigDecimal(3)), "decimal " + r.getString(3));
                    expect(r.getBoolean(4) == (round % 2 == 0), "null " + r.getString(4));
                    expect(r.getLong(5) == Long.MIN_VALUE + round, "long " + r.getString(5));
                    expect(("Ω'\\" + round).equals(r.getString(7)), "text " + r.getString(7));
                    expect(!r.next(), "one row");
                }
            }
        }
    }

    private static void manyRows(Connection c) throws SQLException {
        try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT order_id, customer_id, total, ordered_at FROM checkout.orders LIMIT 100000")) {
            int n = 0;
            long sum = 0;
            while (r.next()) {
                n++;
                sum += r.getLong(1);
                expect(r.getTimestamp(4) != null, "a timestamp");
            }
            expect(n == 100_000 && sum > 0, n + " rows instead of 100000");
        }
    }

    private static void errors(Connection c) throws SQLException {
        try (Statement s = c.createStatement()) {
            s.executeQuery("SELECT * FROM checkout.no_such_product");
            throw new AssertionError("a product that does not exist");
        } catch (SQLException e) {
            expect(e.getErrorCode() == 1146 && "42S02".equals(e.getSQLState()), "error " + e.getErrorCode() + " " + e.getSQLState());
        }
        expect(c.isValid(5), "the connection outlives an error");
    }

    private static List<String> column(ResultSet r, String name) throws SQLException {
        List<String> out = new ArrayList<>();
        try (r) {
            while (r.next()) {
                out.add(r.getString(name));
            }
        }
        return out;
    }

    private static void expect(boolean ok, String what) {
        if (!ok) {
            throw new AssertionError(what);
        }
    }
}
