/// A drawing of 16 by 16 units, made of strokes.
enum Icon: Sendable {
    case home, layers, split, play, rocket, clock, shield, list, hammer, archive, cpu, server, database, puzzle, plug
    case pulse, chart, check, bulb, gear, book, key
    case ok, cross, warning, info, wait, pause, dash, spinner, menu, moon, link, lock, pin, eye

    /// The strokes.
    private var path: String {
        switch self {
        case .home: "M2 7.5 8 2.5l6 5M3.8 6.5v7h8.4v-7M6.6 13.5V9.6h2.8v3.9"
        case .layers: "M8 2 14 5 8 8 2 5zM2 8l6 3 6-3M2 11l6 3 6-3"
        case .split: "M3 3h4v10H3zM9 3h4v10H9zM4.6 6h1M4.6 8.5h1M10.6 6h1M10.6 10h1"
        case .play: "M5 3.2v9.6L12.6 8z"
        case .rocket:
            "M8 1.8c2.4 1.6 3.4 4 3.2 6.8L9.6 11H6.4L4.8 8.6C4.6 5.800 5.600 3.400 8 1.800zM8 6h.01M6.400 11 5.400 14 8 12.700 10.600 14 9.600 11"
        case .clock, .wait: "M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.200zM8 5v3.200l2.200 1.400"
        case .shield:
            "M8 1.800 13 3.600v4.200c0 3-2 5.200-5 6.400-3-1.200-5-3.400-5-6.400V3.600zM5.800 8l1.600 1.600 2.900-3.100"
        case .list: "M5.500 4H14M5.500 8H14M5.500 12H14M2.300 4h.400M2.300 8h.400M2.300 12h.400"
        case .hammer:
            "M9.400 3.200 12.800 6.600M7.600 4.900l3.500 3.500M9.100 6.700l-5.600 5.600 1 1 5.700-5.500M7.200 4.500 9.200 2.500l4.300 4.300-2 2"
        case .archive: "M2 3h12v3H2zM3 6v7.500h10V6M6.300 8.800h3.400"
        case .cpu:
            "M4.500 4.500h7v7h-7zM6.500 6.500h3v3h-3zM6 2v2.500M10 2v2.500M6 11.500V14M10 11.500V14M2 6h2.500M2 10h2.500M11.500 6H14M11.500 10H14"
        case .server: "M2.500 3h11v4h-11zM2.500 9h11v4h-11zM5 5h.100M5 11h.100M8 5h3.500M8 11h3.500"
        case .database:
            "M3 4c0-1.200 2.200-2 5-2s5 .800 5 2-2.200 2-5 2-5-.800-5-2zM3 4v8c0 1.200 2.200 2 5 2s5-.800 5-2V4M3 8c0 1.200 2.200 2 5 2s5-.800 5-2"
        case .puzzle: "M3 5h3c-.600-2 3-2 2.600 0H12v3c2-.600 2 3 0 2.600V14H3v-3.400c2 .400 2-3.200 0-2.600z"
        case .plug: "M6 2v3.500M10 2v3.500M4 5.500h8V8a4 4 0 0 1-8 0zM8 12v2.500"
        case .pulse: "M1.800 8.500h3L6.500 4l3 8.500 1.800-4h3"
        case .chart: "M2.500 2.500v11h11M5.500 11V8M8.500 11V5.500M11.500 11V7"
        case .check, .ok:
            "M8 2.200a5.800 5.800 0 1 0 0 11.600A5.800 5.800 0 0 0 8 2.200zM5.500 8.200l1.800 1.800 3.300-3.700"
        case .bulb:
            "M8 1.800a4.200 4.200 0 0 1 2.200 7.800v1.700H5.800V9.600A4.200 4.200 0 0 1 8 1.800zM6.300 13.700h3.400"
        case .gear:
            "M8 5.700a2.300 2.300 0 1 0 0 4.600 2.300 2.300 0 0 0 0-4.600zM8 1.800v2M8 12.200v2M1.800 8h2M12.200 8h2M3.600 3.600 5 5M11 11l1.400 1.400M12.400 3.600 11 5M5 11l-1.400 1.400"
        case .book:
            "M2.500 3h4A1.500 1.500 0 0 1 8 4.500 1.500 1.500 0 0 1 9.500 3h4v9.500h-4A1.500 1.500 0 0 0 8 14a1.500 1.500 0 0 0-1.500-1.500h-4zM8 4.500V14"
        case .key:
            "M5.300 7.400a2.900 2.900 0 1 0 0 5.700 2.900 2.900 0 0 0 0-5.700zM7.400 8.300l5.800-5.800M10.700 5l2 2"
        case .cross: "M8 2.200a5.800 5.800 0 1 0 0 11.600A5.800 5.800 0 0 0 8 2.200zM6 6l4 4M10 6l-4 4"
        case .warning: "M8 2.200 14.400 13.300H1.600zM8 6.500v3.200M8 11.400v.100"
        case .info: "M8 2.200a5.800 5.800 0 1 0 0 11.600A5.800 5.800 0 0 0 8 2.200zM8 7.300v3.500M8 5.200v.100"
        case .pause: "M8 2.200a5.800 5.800 0 1 0 0 11.600A5.800 5.800 0 0 0 8 2.200zM6.500 6v4M9.500 6v4"
        case .dash: "M8 2.200a5.800 5.800 0 1 0 0 11.600A5.800 5.800 0 0 0 8 2.200zM5.500 8h5"
        case .spinner: "M8 2.200A5.800 5.800 0 1 0 13.800 8"
        case .menu: "M2.500 4.500h11M2.500 8h11M2.500 11.500h11"
        case .moon: "M13 9.800A5.500 5.500 0 0 1 6.200 3a5.500 5.500 0 1 0 6.800 6.800z"
        case .link:
            "M6.800 9.200a2.600 2.600 0 0 0 3.700 0l2.300-2.300a2.600 2.600 0 0 0-3.700-3.700l-.900.900M9.200 6.800a2.600 2.600 0 0 0-3.700 0L3.200 9.100a2.600 2.600 0 0 0 3.700 3.700l.900-.900"
        case .lock: "M3.500 7h9v6.500h-9zM5.500 7V5a2.500 2.500 0 0 1 5 0v2"
        case .pin: "M6 2h4l-.500 4.500L12 9H4l2.500-2.500zM8 9v5"
        case .eye:
            "M1.500 8S4 3.500 8 3.500 14.500 8 14.500 8 12 12.500 8 12.500 1.500 8 1.500 8zM8 6.200a1.800 1.800 0 1 0 0 3.600 1.800 1.800 0 0 0 0-3.600z"
        }
    }

    /// The drawing; it says nothing to a screen reader, for a text always stands beside it.
    var html: HTML {
        element(.svg, "icon", .set("viewBox", "0 0 16 16"), .hidden, .set("focusable", "false")) {
            element(.path, "", .set("d", path))
        }
    }
}
