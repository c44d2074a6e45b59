import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const GATEWAY_PATHS = ["/predict", "/explain", "/model", "/readyz", "/feedback", "/docs"];

export default defineConfig({
  plugins: [react()],
  build: {
    // The page's policy is `default-src 'self'`: a data: address would be refused.
    assetsInlineLimit: 0,
  },
  server: {
    proxy: Object.fromEntries(GATEWAY_PATHS.map((path) => [path, "http://127.0.0.1:8000"])),
  },
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    testTimeout: 30_000,
    restoreMocks: true,
    unstubGlobals: true,
  },
});
