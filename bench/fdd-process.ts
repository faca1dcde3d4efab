/** The FDDs in a separate process: used by both the floor and Skipper. */
import { type FddBehaviour, startBenchFdds } from './bench-fdds.ts';

const [kubeconfig = '', namespaces = '0', image = '', bare = '0'] = process.argv.slice(2);
const fdds = await startBenchFdds({
  kubeconfig,
  namespaces: Number(namespaces),
  image,
  bare: Number(bare),
});
process.send?.('ready');

process.on('message', (behaviour: FddBehaviour) => {
  fdds.behave(behaviour);
  process.send?.('ready');
});
