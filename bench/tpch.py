"""TPC-H through meshql and DuckDB over the same Parquet files.

Makes the data with tpchgen-cli, describes it as a domain of a mesh, asks both
engines the 22 queries and compares the answers value by value. Prints a line a
query and, last, how many agree. Exits 1 if an answer differs: a query that
meshql refuses is listed by the reason it gives, never counted as right.
"""

import argparse
import csv
import datetime
import decimal
import io
import math
import os
import pathlib
import re
import subprocess
import sys
import time

import duckdb

HERE = pathlib.Path(__file__).resolve().parent
QUERIES = HERE.parent / "testdata" / "tpch"
TABLES = ["nation", "region", "supplier", "part", "partsupp", "customer", "orders", "lineitem"]
LOGICAL = {
    "INTEGER": ("integer", None), "BIGINT": ("integer", None), "VARCHAR": ("string", None), "DATE": ("date", None),
}


def generate(folder: pathlib.Path, sf: float) -> None:
    if (folder / "lineitem.parquet").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    tool = pathlib.Path(sys.executable).parent / "tpchgen-cli"
    subprocess.run([str(tool), "parquet", "-s", str(sf), "--output-dir", str(folder)], check=True)


def describe(con: duckdb.DuckDBPyConnection, data: pathlib.Path, mesh: pathlib.Path) -> None:
    """Writes a mesh of one domain whose products are the tables."""
    domain = mesh / "tpch"
    for table in TABLES:
        home = domain / "products" / table / "v1"
        home.mkdir(parents=True, exist_ok=True)
        target = domain / "data" / table
        target.mkdir(parents=True, exist_ok=True)
        link = target / f"{table}.parquet"
        if not link.exists():
            os.link(data / f"{table}.parquet", link)
        properties = []
        for name, typ, *_ in con.sql(f"describe select * from '{data / (table + '.parquet')}'").fetchall():
            number = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", typ)
            if number:
                properties.append(f"      - {{name: {name}, logicalType: number, physicalType: \"decimal({number[1]},{number[2]})\"}}")
            else:
                properties.append(f"      - {{name: {name}, logicalType: {LOGICAL[typ][0]}}}")
        (home / "contract.odcs.yaml").write_text(
            f"apiVersion: v3.1.0\nkind: DataContract\nid: tpch-{table}\nversion: 1.0.0\nstatus: active\nname: {table}\n"
            f"domain: tpch\ndataProduct: {table}\nservers:\n  - {{server: prod, type: local, path: ../../../data/{table}/*.parquet, format: parquet}}\n"
            f"schema:\n  - name: {table}\n    physicalType: table\n    properties:\n" + "\n".join(properties) + "\n")
    (domain / "policies").mkdir(exist_ok=True)
    (domain / "policies" / "grants.yaml").write_text("- {id: read, grant: select, to: [role:bench]}\n")
    (domain / "domain.yaml").write_text("domain: tpch\nowner: {team: bench, contact: bench@example.org, roles: [owner]}\ndescription: TPC-H\n"
                                        "products: products/*/v*/contract.odcs.yaml\npolicies: policies/*.yaml\n")
    (mesh / "identity.yaml").write_text("users:\n  bench: {roles: [bench]}\n")
    (mesh / "mesh.yaml").write_text("mesh: bench\ndomains:\n  tpch: {uri: \"file://./tpch\"}\nidentity: {file: identity.yaml}\n")


def value(text, like):
    """Reads meshql's text as the type of DuckDB's value."""
    if text == "NULL":
        return None
    if isinstance(like, bool):
        return text not in ("0", "")
    if isinstance(like, int):
        return int(decimal.Decimal(text))
    if isinstance(like, float):
        return float(text)
    if isinstance(like, decimal.Decimal):
        return decimal.Decimal(text)
    if isinstance(like, datetime.date):
        return datetime.date.fromisoformat(text[:10])
    return text


def same(got: str, want) -> bool:
    x = value(got, want)
    if isinstance(want, float) and x is not None:
        # DuckDB computes division of decimals in floating point; MySQL's answer
        # is a decimal with four more digits than the dividend.
        digits = len(got.partition(".")[2])
        return math.isclose(x, want, rel_tol=1e-9, abs_tol=0.51 * 10 ** -digits)
    return x == want


def main() -> int:
    ap = argparse.ArgumentParser()
    ap.add_argument("--sf", type=float, default=0.1)
    ap.add_argument("--meshql", required=True)
    args = ap.parse_args()
    data = HERE / ".data" / f"tpch-sf{args.sf:g}"
    generate(data, args.sf)
    con = duckdb.connect(config={"threads": 2})
    mesh = data / "mesh"
    describe(con, data, mesh)
    for table in TABLES:
        con.execute(f"create view {table} as select * from '{data / (table + '.parquet')}'")

    right, wrong, refused = [], [], []
    for path in sorted(QUERIES.glob("q*.sql")):
        sql, name = path.read_text(), path.stem
        begun = time.perf_counter()
        want = con.sql(sql).fetchall()
        duck = time.perf_counter() - begun
        begun = time.perf_counter()
        run = subprocess.run([args.meshql, "sql", "--mesh", str(mesh / "mesh.yaml"), "--audit", str(data / "audit.jsonl"), "--user", "bench", "--format", "csv", "-D", "tpch", "-e", sql],
                             capture_output=True, text=True)
        ours = time.perf_counter() - begun
        if run.returncode != 0:
            refused.append(name)
            print(f"{name}  refused    {run.stderr.strip()}")
            continue
        got = list(csv.reader(io.StringIO(run.stdout)))[1:]
        bad = None
        if len(got) != len(want):
            bad = f"{len(got)} rows instead of {len(want)}"
        for i, (g, w) in enumerate(zip(got, want)):
            if not bad and not all(same(x, y) for x, y in zip(g, w)):
                bad = f"row {i}: {g} instead of {w}"
        if bad:
            wrong.append(name)
            print(f"{name}  DIFFERS    {bad}")
        else:
            right.append(name)
            print(f"{name}  equal      {len(got):6d} rows  meshql (process and mesh included) {ours * 1000:7.0f} ms   duckdb {duck * 1000:7.0f} ms")
    print(f"tpch sf{args.sf:g}: {len(right)} equal, {len(wrong)} differ, {len(refused)} refused")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
