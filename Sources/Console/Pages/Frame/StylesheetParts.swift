/// The look of tables, differences, timelines, charts and running text.
enum StylesheetParts {
    static let text = tables + differences + drawings + prose

    /// Tables; on a phone each row becomes a card, its cells named by `data-label`.
    private static let tables = """
        .table-wrap{overflow-x:auto}
        .table-wrap:focus-visible{outline-offset:-2px}
        table{width:100%;border-collapse:collapse;font-size:.89rem}
        caption{text-align:left}
        th{padding:.55rem 1.1rem;text-align:left;font-size:.77rem;font-weight:600;color:var(--soft);white-space:nowrap;border-bottom:1px solid var(--line);background:var(--raised)}
        td,tbody th{padding:.6rem 1.1rem;border-bottom:1px solid var(--line);vertical-align:top}
        tbody th{font:inherit;color:inherit;white-space:normal;background:none}
        tbody tr:last-child>*{border-bottom:0}
        tbody tr:hover>*{background:color-mix(in srgb,var(--accent-soft) 35%,transparent)}
        dd .sub{display:block;color:var(--soft);font-size:.88em}
        tbody .sub{display:block;min-width:8.5rem;color:var(--soft);font-size:.82rem}
        .filters{display:flex;flex-wrap:wrap;align-items:flex-end;gap:.7rem;padding:.9rem 1.1rem;border-bottom:1px solid var(--line)}
        .filters label{display:grid;gap:.2rem;font-size:.77rem;font-weight:560;color:var(--soft)}
        input,select{min-height:34px;padding:.25rem .6rem;border:1px solid var(--control);border-radius:8px;background:var(--surface);color:var(--text);font:inherit;font-size:.89rem;max-width:100%}
        .tabs{display:flex;flex-wrap:wrap;gap:.35rem}
        .tabs a{padding:.3rem .8rem;border-radius:99px;border:1px solid var(--line);background:var(--surface);color:var(--soft);font-size:.85rem;font-weight:560;text-decoration:none}
        .tabs a:hover{border-color:var(--accent);color:var(--accent)}
        .tabs a[aria-current]{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
        .pager{display:flex;justify-content:space-between;gap:1rem;padding:.75rem 1.1rem;border-top:1px solid var(--line);font-size:.87rem}
        @media (max-width:699px){
        .reflow,.reflow tbody,.reflow tr{display:block}
        .reflow thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
        .reflow tr{padding:.7rem 1.1rem;border-bottom:1px solid var(--line)}
        .reflow tbody tr:last-child{border-bottom:0}
        .reflow td,.reflow tbody th{display:grid;grid-template-columns:7.2rem minmax(0,1fr);gap:.6rem;padding:.18rem 0;border:0}
        .reflow td::before,.reflow tbody th::before{content:attr(data-label);color:var(--soft);font-size:.78rem;padding-top:.1rem}
        .reflow tbody th{font-size:.97rem}
        .facts{grid-template-columns:minmax(0,1fr);gap:.1rem}.facts dd{margin-bottom:.5rem}}

        """

    /// Attributes side by side, the plan, the steps of a run.
    private static let differences = """
        .diff{border-top:1px solid var(--line);font-size:.85rem}
        .diff .sides{display:grid;grid-template-columns:minmax(110px,.8fr) minmax(0,1.5fr) minmax(0,1.5fr)}
        .diff .sides>*{padding:.45rem 1.1rem;border-bottom:1px solid var(--line);min-width:0;overflow-wrap:anywhere}
        .diff .sides:last-child>*{border-bottom:0}
        .diff .headline>*{font-size:.77rem;font-weight:600;color:var(--soft);background:var(--raised)}
        .diff .path{font-family:var(--mono);font-size:.82rem}
        .diff .there{background:var(--bad-soft)}.diff .wanted{background:var(--ok-soft)}
        .diff .there,.diff .wanted{font-family:var(--mono);font-size:.82rem;white-space:pre-wrap}
        .diff .headline .there,.diff .headline .wanted{font-family:inherit}
        .diff .mark{margin-right:.5rem;font-weight:700;user-select:none}
        .diff .there .mark{color:var(--bad)}.diff .wanted .mark{color:var(--ok)}
        .diff .where{display:block;margin-top:.15rem;color:var(--soft);font-family:var(--mono);font-size:.76rem}
        @media (max-width:699px){.diff .sides{grid-template-columns:minmax(0,1fr)}.diff .headline{display:none}
        .diff .sides>*{border-bottom:0}.diff .sides{border-bottom:1px solid var(--line)}
        .diff .there::before{content:"There  ";color:var(--soft);font-family:var(--sans)}.diff .wanted::before{content:"Wanted  ";color:var(--soft);font-family:var(--sans)}}
        .change{display:grid;grid-template-columns:1.9rem minmax(0,1fr);padding:.75rem 1.1rem;border-bottom:1px solid var(--line)}
        .change:last-child{border-bottom:0}
        .change .sign{font-family:var(--mono);font-weight:700;font-size:1.05rem;line-height:1.4}
        .change .what{display:flex;flex-wrap:wrap;gap:.3rem .7rem;align-items:baseline}
        .change ul{margin-top:.35rem;display:grid;gap:.12rem;font-family:var(--mono);font-size:.82rem}
        .change ul li,.change .why,.change .what,.sub{overflow-wrap:anywhere}
        .change .arrow{color:var(--soft)}
        .change .why{margin-top:.2rem;color:var(--soft);font-size:.86rem}
        .timeline{display:grid}
        .timeline>li{position:relative;padding:.1rem 1.1rem 1rem 2.7rem}
        .timeline>li::before{content:"";position:absolute;left:1.37rem;top:1.4rem;bottom:-.1rem;width:2px;background:var(--line)}
        .timeline>li:last-child::before{display:none}
        .timeline>li>.icon,.timeline>li>span>.icon{position:absolute;left:.92rem;top:.2rem;width:1.05rem;height:1.05rem;background:var(--surface)}
        .timeline .when{color:var(--soft);font-size:.82rem}
        .timeline .line{display:flex;flex-wrap:wrap;gap:.2rem .7rem;align-items:baseline}
        .card>.body.flush .timeline{padding-top:1rem}
        details{border-radius:8px}
        summary{cursor:pointer;color:var(--accent);font-size:.86rem;font-weight:540}
        summary:hover{text-decoration:underline}
        pre{padding:.75rem .9rem;border:1px solid var(--line);border-radius:8px;background:var(--raised);overflow:auto;max-height:26rem;font-size:.8rem;line-height:1.5;white-space:pre-wrap;overflow-wrap:anywhere}
        details pre{margin-top:.4rem}
        .exchange{margin-top:.5rem;display:grid;gap:.35rem}

        """

    private static let drawings = """
        .spark{display:block;width:100%;height:36px;overflow:visible}
        .spark .area{fill:var(--accent);opacity:.12}.spark .stroke{fill:none;stroke:var(--accent);stroke-width:1.6;vector-effect:non-scaling-stroke;stroke-linejoin:round}
        .bars{display:block;width:100%;height:44px}
        .bars rect{fill:var(--ok)}.bars .warn{fill:var(--warn)}.bars .bad{fill:var(--bad)}.bars .info{fill:var(--info)}.bars .idle{fill:var(--idle);opacity:.55}
        .meter{display:block;width:100%;height:10px;border-radius:99px;background:var(--idle-soft);overflow:hidden}
        .meter rect{fill:var(--accent)}.meter .ok{fill:var(--ok)}.meter .warn{fill:var(--warn)}.meter .bad{fill:var(--bad)}.meter .info{fill:var(--info)}.meter .idle{fill:var(--idle)}
        .legend{display:grid;gap:.45rem}
        .legend>li{display:flex;align-items:center;gap:.3rem}
        .legend .count{margin-left:auto;font-weight:600;font-variant-numeric:tabular-nums}
        .boards{display:grid;gap:1.25rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,250px),1fr));align-items:start}
        .board>h2{display:flex;align-items:center;gap:.5rem;margin-bottom:.6rem}
        .board>ul{display:grid;gap:.6rem}
        .env{display:grid;gap:.3rem;padding:.75rem .9rem;background:var(--surface);border:1px solid var(--line);border-left:4px solid var(--idle);border-radius:9px;font-size:.88rem}
        .env.ok{border-left-color:var(--ok)}.env.warn{border-left-color:var(--warn)}.env.bad{border-left-color:var(--bad)}.env.info{border-left-color:var(--info)}
        .env .name{font-weight:620;font-size:.95rem}

        """

    private static let prose = """
        .prose{max-width:76ch;font-size:.98rem}
        .prose>*+*{margin-top:.85rem}
        .prose h2{font-size:1.25rem;margin-top:1.9rem}.prose h3{font-size:1.05rem;margin-top:1.4rem}.prose h4{font-size:.97rem;margin-top:1.1rem}
        .prose ul,.prose ol{padding-left:1.4rem;display:grid;gap:.3rem}
        .prose ul{list-style:disc}.prose ol{list-style:decimal}
        .prose blockquote{margin:0;padding:.2rem 0 .2rem 1rem;border-left:3px solid var(--line-strong);color:var(--soft)}
        .prose code{background:var(--idle-soft);padding:.08em .35em;border-radius:5px}
        .prose pre code{background:none;padding:0}
        .prose hr{border:0;border-top:1px solid var(--line)}
        .prose table{border:1px solid var(--line);border-radius:8px}
        @media (prefers-reduced-motion:no-preference){.button,.tile,.side li a{transition:border-color .12s,background .12s,color .12s}}
        @media print{.side,.top,.skip{display:none}.frame{display:block}body{background:#fff}}

        """
}
