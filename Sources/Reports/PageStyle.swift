/// How pages look, in light and in dark.
let pageStyle: StaticString = """
    :root { --paper: #fff; --ink: #1c2128; --faint: #636c76; --line: #d1d9e0; --panel: #f6f8fa;
      --c0: #0969da; --c1: #cf4a00; --c2: #1a7f37; --c3: #8250df; --c4: #b3261e; --c5: #0c7a83;
      --good: #1a7f37; --bad: #b3261e; }
    @media (prefers-color-scheme: dark) {
      :root { --paper: #0f1318; --ink: #e6edf3; --faint: #9aa5b1; --line: #333b45; --panel: #171c23;
        --c0: #58a6ff; --c1: #ff9e5e; --c2: #56d364; --c3: #c297ff; --c4: #ff8a80; --c5: #4fd1d9;
        --good: #56d364; --bad: #ff8a80; }
    }
    * { box-sizing: border-box; }
    body { margin: 0 auto; padding: 24px; max-width: 1120px; background: var(--paper); color: var(--ink);
      font: 15px/1.5 system-ui, sans-serif; }
    h1 { margin: 0 0 4px; font-size: 24px; overflow-wrap: anywhere; }
    h2 { margin: 36px 0 10px; padding-bottom: 4px; border-bottom: 1px solid var(--line); font-size: 18px; }
    h3 { margin: 0 0 4px; font-size: 14px; font-weight: 600; }
    p { margin: 6px 0; }
    .note { color: var(--faint); font-size: 13px; }
    .verdict { font-size: 17px; font-weight: 600; }
    .better { color: var(--good); } .worse { color: var(--bad); }
    .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 440px), 1fr)); gap: 16px; }
    figure { margin: 0; padding: 12px; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; }
    svg { display: block; width: 100%; height: auto; }
    svg text { fill: var(--faint); font: 11px system-ui, sans-serif; }
    .grid { stroke: var(--line); stroke-width: 1; }
    .curve { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
    .raw { stroke-width: 1; opacity: .35; }
    .s0 { stroke: var(--c0); } .s1 { stroke: var(--c1); } .s2 { stroke: var(--c2); }
    .s3 { stroke: var(--c3); } .s4 { stroke: var(--c4); } .s5 { stroke: var(--c5); }
    .f0 { fill: var(--c0); } .f1 { fill: var(--c1); } .f2 { fill: var(--c2); }
    .f3 { fill: var(--c3); } .f4 { fill: var(--c4); } .f5 { fill: var(--c5); }
    .dot { opacity: .55; } .bar { opacity: .75; }
    .mark { stroke: var(--c1); stroke-width: 1.5; stroke-dasharray: 4 3; }
    .legend { display: flex; flex-wrap: wrap; gap: 2px 14px; margin-top: 6px; color: var(--faint); font-size: 12px;
      overflow-wrap: anywhere; }
    .legend svg { display: inline-block; width: 10px; height: 10px; margin-right: 5px; }
    .wide { overflow-x: auto; }
    table { border-collapse: collapse; font-size: 14px; }
    th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
    td { overflow-wrap: anywhere; min-width: 3em; }
    th { color: var(--faint); font-weight: 600; white-space: nowrap; }
    .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    .place { white-space: nowrap; color: var(--faint); }
    .class { white-space: nowrap; }
    .matrix td, .matrix th { padding: 8px 12px; text-align: center; border: 1px solid var(--line); }
    """
