// Asks onnxruntime-web: BUILD MODEL FEATURES ROWS COLUMNS CLASSES LABELS PROBABILITIES.

import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const BATCH = 8192;

const [build, model, features, ...rest] = process.argv.slice(2);
const [rows, columns, classes] = rest.slice(0, 3).map(Number);
const [labels, probabilities] = rest.slice(3);

try {
  const ort = await import(pathToFileURL(build).href);
  ort.env.wasm.numThreads = 1;
  const options = { executionProviders: ["wasm"] };
  const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(model)), options);
  const bytes = readFileSync(features);
  const X = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const codes = new BigInt64Array(rows);
  const P = new Float32Array(rows * classes);
  for (let start = 0; start < rows; start += BATCH) {
    const end = Math.min(start + BATCH, rows);
    const batch = X.subarray(start * columns, end * columns);
    const feeds = { features: new ort.Tensor("float32", batch, [end - start, columns]) };
    const answer = await session.run(feeds);
    codes.set(answer.label.data, start);
    P.set(answer.probabilities.data, start * classes);
  }
  writeFileSync(labels, new Uint8Array(codes.buffer));
  writeFileSync(probabilities, new Uint8Array(P.buffer));
} catch (error) {
  console.error(String(error?.message ?? error).split("\n").at(0));
  process.exitCode = 1;
}
