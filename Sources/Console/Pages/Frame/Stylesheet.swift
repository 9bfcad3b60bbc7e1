/// The look of the console; one file, served under its digest.
enum Stylesheet {
    static let text = tokens + frame + parts + StylesheetParts.text

    /// Colours, sizes and spaces; `light-dark()` follows the reader's system, or the choice that `data-theme` says.
    private static let tokens = """
        :root{color-scheme:light dark;
        --bg:light-dark(#f6f6f9,#101016);--surface:light-dark(#ffffff,#17171f);--raised:light-dark(#fbfbfd,#1d1d27);
        --line:light-dark(#e3e3ea,#2a2a37);--line-strong:light-dark(#cfcfda,#3a3a4b);--control:light-dark(#868698,#74748c);
        --text:light-dark(#16161d,#ededf4);--soft:light-dark(#565668,#a6a6ba);
        --accent:light-dark(#5638c4,#b0a0ff);--accent-soft:light-dark(#efebfd,#251f42);--on-accent:light-dark(#ffffff,#14101f);
        --ok:light-dark(#0b6b43,#6cd9a4);--ok-soft:light-dark(#e2f5ea,#10291d);
        --warn:light-dark(#7d4a00,#f3bf6d);--warn-soft:light-dark(#fdf0d9,#2f2411);
        --bad:light-dark(#ab1f17,#ff9c93);--bad-soft:light-dark(#fdeae8,#361918);
        --info:light-dark(#17539f,#8cbcff);--info-soft:light-dark(#e6f0fc,#13243b);
        --idle:light-dark(#50505f,#b0b0c0);--idle-soft:light-dark(#ededf2,#24242f);
        --r:10px;--shadow:0 1px 2px light-dark(rgb(20 20 40/.05),rgb(0 0 0/.4)),0 4px 16px light-dark(rgb(20 20 40/.04),rgb(0 0 0/.25));
        --mono:ui-monospace,SFMono-Regular,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace;
        --sans:Inter,ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans",Arial,sans-serif}
        [data-theme=light]{color-scheme:light}[data-theme=dark]{color-scheme:dark}
        *,*::before,*::after{box-sizing:border-box}
        html{scroll-padding-top:5rem;-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--bg);color:var(--text);font:15px/1.55 var(--sans);font-feature-settings:"tnum","cv11";-webkit-font-smoothing:antialiased}
        h1,h2,h3,h4,p,ul,ol,dl,dd,figure,pre{margin:0}ul,ol{padding:0;list-style:none}
        h1{font-size:1.7rem;line-height:1.2;letter-spacing:-.022em;font-weight:680}
        h2{font-size:1.02rem;line-height:1.35;letter-spacing:-.008em;font-weight:640}
        h3{font-size:.93rem;font-weight:620}
        a{color:var(--accent);text-decoration-color:color-mix(in srgb,currentColor 35%,transparent);text-underline-offset:.18em}
        a:hover{text-decoration-color:currentColor}
        :focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
        code,pre,kbd,.mono{font-family:var(--mono);font-size:.875em;font-variant-ligatures:none}
        code{overflow-wrap:anywhere}
        small{font-size:.82rem}
        .icon{width:1em;height:1em;flex:none;fill:none;stroke:currentColor;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round;vertical-align:-.125em}
        .soft{color:var(--soft)}.nowrap{white-space:nowrap}.num{font-variant-numeric:tabular-nums}
        .visually-hidden{position:absolute;width:1px;height:1px;margin:-1px;padding:0;overflow:hidden;clip-path:inset(50%);white-space:nowrap;border:0}

        """

    /// What surrounds every page.
    private static let frame = """
        .skip{position:absolute;left:-999px;top:.5rem;z-index:30;background:var(--accent);color:var(--on-accent);padding:.5rem 1rem;border-radius:8px}
        .skip:focus{left:.75rem}
        .top{position:sticky;top:0;z-index:10;display:flex;align-items:center;gap:.75rem;height:56px;padding:0 max(1.25rem,calc((100vw - 1560px)/2 + 1.25rem));background:color-mix(in srgb,var(--surface) 88%,transparent);backdrop-filter:blur(10px);border-bottom:1px solid var(--line)}
        .brand{display:flex;align-items:center;gap:.6rem;color:var(--text);text-decoration:none;font-weight:680;letter-spacing:-.015em}
        .brand-mark{display:grid;place-items:center;width:28px;height:28px;border-radius:8px;background:linear-gradient(140deg,light-dark(#6a4be0,#8f78ff),light-dark(#4529ab,#5c3fd6));color:#fff}
        .brand-mark .icon{width:17px;height:17px;stroke-width:1.8}
        .top .spacer{flex:1}
        .button{display:inline-flex;align-items:center;gap:.45rem;min-height:34px;padding:.25rem .75rem;border:1px solid var(--control);border-radius:8px;background:var(--surface);color:var(--text);font:inherit;font-size:.87rem;font-weight:540;text-decoration:none;cursor:pointer}
        .button:hover{border-color:var(--accent);color:var(--accent)}
        .button.primary{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
        .button.primary:hover{filter:brightness(1.08);color:var(--on-accent)}
        .button.quiet{border-color:transparent;background:transparent;color:var(--soft);padding:.25rem .5rem}
        .live{display:none;align-items:center;gap:.4rem;font-size:.8rem;color:var(--soft)}
        .live[data-state]{display:inline-flex}
        .live::before{content:"";width:8px;height:8px;border-radius:50%;background:var(--idle)}
        .live[data-state=on]::before{background:var(--ok);box-shadow:0 0 0 3px var(--ok-soft)}
        .live[data-state=off]::before{background:var(--warn)}
        .frame{display:grid;grid-template-columns:228px minmax(0,1fr);max-width:1560px;margin:0 auto}
        .frame.alone{grid-template-columns:minmax(0,1fr);max-width:720px}
        .side{position:sticky;top:56px;align-self:start;height:calc(100vh - 56px);overflow-y:auto;padding:1.1rem .75rem 2rem;border-right:1px solid var(--line)}
        .side .title{margin:0 .65rem .3rem;font-size:.7rem;font-weight:640;letter-spacing:.07em;text-transform:uppercase;color:var(--soft)}
        .side .group+.group{margin-top:1.1rem}
        .side li a{display:flex;align-items:center;gap:.6rem;padding:.33rem .65rem;border-radius:7px;color:var(--soft);text-decoration:none;font-size:.9rem;font-weight:520}
        .side li a:hover{background:var(--idle-soft);color:var(--text)}
        .side li a[aria-current]{background:var(--accent-soft);color:var(--accent);font-weight:620}
        .side .close,.menu{display:none}
        main{min-width:0;padding:1.75rem 2rem 4rem;outline:none}
        .page-head{display:grid;gap:.35rem;margin-bottom:1.5rem}
        .page-head .row{display:flex;flex-wrap:wrap;align-items:center;gap:.4rem .8rem}
        .page-head .lead{color:var(--soft);max-width:72ch}
        .crumbs{display:flex;flex-wrap:wrap;gap:.4rem;font-size:.83rem;color:var(--soft)}
        .crumbs a{color:var(--soft)}
        .foot{margin-top:2.5rem;padding-top:1rem;border-top:1px solid var(--line);display:flex;flex-wrap:wrap;gap:.35rem 1.25rem;font-size:.8rem;color:var(--soft)}
        @media (max-width:899px){
        .frame{display:block}main{padding:1.25rem 1rem 3rem}.top{padding:0 1rem}
        .menu{display:inline-flex}
        .top{gap:.5rem}.live{font-size:0;gap:0}.top .button{white-space:nowrap}.top .button .icon{display:none}.top .button[aria-label] .icon{display:block}
        .side{display:none}
        .side:target{display:block;position:fixed;inset:0;z-index:20;height:auto;background:var(--surface);padding:1rem 1rem 3rem;border:0;columns:2;column-gap:1rem}
        .side .group{break-inside:avoid}
        .side .close{display:flex;column-span:all;justify-content:flex-end}
        .side li a{padding:.55rem .65rem}
        main .chip{white-space:normal;border-radius:.9rem}
        h1{font-size:1.45rem}}

        """

    /// Cards, chips and facts.
    private static let parts = """
        .stack{display:grid;gap:1.25rem}.stack>*{min-width:0}.stack>.chip{justify-self:start}
        .grid2{display:grid;gap:1.25rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));align-items:start}
        .grid3{display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr))}
        .card{background:var(--surface);border:1px solid var(--line);border-radius:var(--r);box-shadow:var(--shadow);min-width:0}
        .card>header{display:flex;flex-wrap:wrap;align-items:center;gap:.4rem .75rem;padding:.85rem 1.1rem;border-bottom:1px solid var(--line)}
        .card>header .aside{margin-left:auto;font-size:.83rem}
        .card>.body{padding:1rem 1.1rem}
        .card>.body.flush{padding:0}
        .tiles{display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,156px),1fr))}
        .tile{display:grid;gap:.15rem;padding:.9rem 1.05rem 1rem;background:var(--surface);border:1px solid var(--line);border-radius:var(--r);box-shadow:var(--shadow);color:inherit;text-decoration:none;align-content:start}
        a.tile:hover{border-color:var(--accent)}
        .tile .label{font-size:.8rem;color:var(--soft);font-weight:520}
        .tile .value{font-size:1.65rem;line-height:1.2;font-weight:660;letter-spacing:-.025em;font-variant-numeric:tabular-nums}
        .tile .value.is-ok{color:var(--ok)}.tile .value.is-warn{color:var(--warn)}.tile .value.is-bad{color:var(--bad)}
        .tile .note{font-size:.8rem;color:var(--soft)}
        .tile .spark{margin-top:.4rem}
        .banner{display:flex;align-items:flex-start;gap:.9rem;padding:1.1rem 1.25rem;border-radius:14px;border:1px solid var(--line);background:var(--surface);box-shadow:var(--shadow)}
        .banner>.icon{width:30px;height:30px;stroke-width:1.3;margin-top:.1rem}
        .banner .title{font-size:1.2rem;font-weight:660;letter-spacing:-.015em}
        .banner p+p{margin-top:.2rem}
        .banner.ok{background:var(--ok-soft);border-color:color-mix(in srgb,var(--ok) 30%,transparent)}.banner.ok>.icon,.banner.ok .title{color:var(--ok)}
        .banner.warn{background:var(--warn-soft);border-color:color-mix(in srgb,var(--warn) 30%,transparent)}.banner.warn>.icon,.banner.warn .title{color:var(--warn)}
        .banner.bad{background:var(--bad-soft);border-color:color-mix(in srgb,var(--bad) 30%,transparent)}.banner.bad>.icon,.banner.bad .title{color:var(--bad)}
        .banner.info{background:var(--info-soft);border-color:color-mix(in srgb,var(--info) 30%,transparent)}.banner.info>.icon,.banner.info .title{color:var(--info)}
        .banner.idle>.icon{color:var(--soft)}
        .chip{display:inline-flex;align-items:center;gap:.35em;padding:.1rem .55rem .1rem .45rem;border-radius:99px;font-size:.79rem;font-weight:580;line-height:1.5;white-space:nowrap;background:var(--idle-soft);color:var(--idle)}
        .chip.ok{background:var(--ok-soft);color:var(--ok)}.chip.warn{background:var(--warn-soft);color:var(--warn)}
        .chip.bad{background:var(--bad-soft);color:var(--bad)}.chip.info{background:var(--info-soft);color:var(--info)}
        .chip.accent{background:var(--accent-soft);color:var(--accent)}
        .chip.plain{padding-left:.55rem}
        .chip{max-width:100%;overflow:hidden;text-overflow:ellipsis}
        .chips{display:flex;flex-wrap:wrap;gap:.4rem}
        .facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.45rem 1.5rem;font-size:.92rem}
        .facts dt{color:var(--soft)}.facts dd{overflow-wrap:anywhere}
        .sources{display:flex;flex-wrap:wrap;align-items:center;gap:.3rem .5rem;font-size:.79rem;color:var(--soft)}
        .empty{display:grid;justify-items:start;gap:.5rem;padding:1.6rem 1.4rem}
        .empty>.icon{width:28px;height:28px;color:var(--soft);stroke-width:1.2}
        .empty p{color:var(--soft);max-width:62ch}
        .empty .what{color:var(--text);font-weight:620;font-size:.95rem}
        .command{display:flex;align-items:flex-start;gap:.6rem;padding:.5rem .8rem;border:1px solid var(--line);border-radius:8px;background:var(--raised);font-family:var(--mono);font-size:.83rem;max-width:100%}
        .command::before{content:"$";color:var(--soft);user-select:none}
        .command code{font-size:1em;white-space:pre-wrap}
        .copy{display:none;margin-left:auto;min-height:24px;padding:0 .5rem;border:1px solid var(--control);border-radius:6px;background:var(--surface);color:var(--soft);font:inherit;font-family:var(--sans);font-size:.76rem;cursor:pointer}
        .copy:hover{border-color:var(--accent);color:var(--accent)}[data-copies] .copy{display:inline-block}
        .key{font-family:var(--mono);font-size:.85em;font-weight:560;overflow-wrap:anywhere}
        strong,.name{overflow-wrap:anywhere}
        .key,.name,.path,strong,code,td a,th a{unicode-bidi:plaintext}.sub,.soft,dd,td>div,th>div,h1{unicode-bidi:isolate}
        .swatch{display:inline-block;width:10px;height:10px;border-radius:3px;background:currentColor;margin-right:.45rem}
        .c-accent{color:var(--accent)}.c-ok{color:var(--ok)}.c-warn{color:var(--warn)}.c-bad{color:var(--bad)}.c-info{color:var(--info)}.c-idle{color:var(--idle)}

        """
}
