// DuckDB's way to the counts of a CSV file: duckdb.js FILE COLUMN...
// Needs the npm package @duckdb/node-api on NODE_PATH; the bench leaves it out where it is missing.
const { DuckDBInstance } = require("@duckdb/node-api");

async function main(file, columns) {
  const database = await DuckDBInstance.create(":memory:");
  const connection = await database.connect();
  const values = columns.map((c) => `select ${c} as cell from rows`).join(" union all ");
  const found = await connection.runAndReadAll(
    `with rows as materialized (select ${columns} from read_csv('${file}', header = true, all_varchar = true))
     select split_part(cell, ':', 1) as version, count(*) as n from (${values})
     where contains(cell, ':Z0FBQUFB') group by version`);
  for (const [version, n] of found.getRows()) console.log(`${version} ${n}`);
}

main(process.argv[2], process.argv.slice(3));
