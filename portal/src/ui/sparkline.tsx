/** A line of percentages by day. What it shows is said in words beside it. */
export function Sparkline({ points, label, width = 180, height = 40 }: { points: number[]; label: string; width?: number; height?: number }) {
  if (points.length < 2) return null;
  const low = Math.min(...points), high = Math.max(...points), span = high - low || 1;
  const x = (i: number) => (2 + (i * (width - 4)) / (points.length - 1)).toFixed(1);
  const y = (v: number) => (height - 4 - ((v - low) * (height - 8)) / span).toFixed(1);
  const line = points.map((v, i) => `${i ? "L" : "M"}${x(i)} ${y(v)}`).join("");
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={label}>
      <path class="area" d={`${line}L${x(points.length - 1)} ${height}L${x(0)} ${height}Z`} />
      <path class="line" d={line} />
      <circle cx={x(points.length - 1)} cy={y(points[points.length - 1] ?? 0)} r="2.5" />
    </svg>
  );
}
