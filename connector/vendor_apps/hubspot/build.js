// Bundles each entry point as HubSpot's own build does (one script, React given by the page): proof that it compiles.
// What HubSpot runs it bundles itself, from the sources, at `hs project upload`.
import { build } from 'vite';

const ENTRIES = ['cards/LeadScoreTab', 'cards/LeadScoreSidebar', 'settings/SettingsPage'];

for (const entry of ENTRIES) {
  const name = entry.split('/').pop();
  await build({
    configFile: false,
    logLevel: 'warn',
    define: { 'process.env.NODE_ENV': JSON.stringify('production') },
    build: {
      lib: { entry: `src/app/${entry}.tsx`, name, formats: ['iife'], fileName: () => `${name}.js` },
      rollupOptions: {
        external: ['react', 'react-dom', '@remote-ui/react'],
        output: { globals: { react: 'React', '@remote-ui/react': 'RemoteUI' }, extend: true },
      },
      outDir: 'dist',
      emptyOutDir: entry === ENTRIES[0],
      minify: true,
    },
  });
}
