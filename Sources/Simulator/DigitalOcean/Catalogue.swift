import Formats

/// What the provider sells: sizes, regions, images and database plans.
///
/// Slugs and shapes are the provider's; prices and identifiers are as they have been published and may be dated.
struct Catalogue: Sendable {
    struct Size: Sendable {
        let slug: String
        let memory: Int
        let vcpus: Int
        let disk: Int
        let regions: [String]
        let json: [UInt8]
        let value: Value
    }

    struct Region: Sendable {
        let slug: String
        let isAvailable: Bool
        let json: [UInt8]
        let value: Value
    }

    struct Image: Sendable {
        let id: Int
        let slug: String
        let isApplication: Bool
        let minimalDisk: Int
        let json: [UInt8]
        let value: Value
    }

    let sizes: [Size]
    let regions: [Region]
    let images: [Image]
    private let sizeBySlug: [String: Size]
    private let regionBySlug: [String: Region]
    private let imageBySlug: [String: Image]
    private let imageByID: [Int: Image]

    static let shared = Catalogue()

    func size(_ slug: String) -> Size? { sizeBySlug[slug] }
    func region(_ slug: String) -> Region? { regionBySlug[slug] }
    func image(_ id: Int) -> Image? { imageByID[id] }

    /// By slug or by number, as requests name images.
    func image(_ reference: Value?) -> Image? {
        switch reference {
        case .string(let text): imageBySlug[text] ?? Int(text).flatMap { imageByID[$0] }
        case .int(let id): Int(exactly: id).flatMap { imageByID[$0] }
        default: nil
        }
    }

    private init() {
        sizes = Self.sizeTable.map(Self.makeSize)
        let sizes = sizes
        regions = Self.regionTable.map { Self.makeRegion($0, sizes: sizes) }
        images = Self.imageTable.map(Self.makeImage)
        sizeBySlug = Dictionary(sizes.map { ($0.slug, $0) }) { first, _ in first }
        regionBySlug = Dictionary(regions.map { ($0.slug, $0) }) { first, _ in first }
        imageBySlug = Dictionary(images.map { ($0.slug, $0) }) { first, _ in first }
        imageByID = Dictionary(images.map { ($0.id, $0) }) { first, _ in first }
    }

    // MARK: Regions

    private typealias RegionRow = (slug: String, name: String, available: Bool)

    private static let regionTable: [RegionRow] = [
        ("nyc1", "New York 1", true), ("sfo1", "San Francisco 1", false), ("nyc2", "New York 2", true),
        ("ams2", "Amsterdam 2", false), ("sgp1", "Singapore 1", true), ("lon1", "London 1", true),
        ("nyc3", "New York 3", true), ("ams3", "Amsterdam 3", true), ("fra1", "Frankfurt 1", true),
        ("tor1", "Toronto 1", true), ("sfo2", "San Francisco 2", true), ("blr1", "Bangalore 1", true),
        ("sfo3", "San Francisco 3", true), ("syd1", "Sydney 1", true),
    ]

    private static let openRegions = regionTable.filter(\.available).map(\.slug).sorted()

    private static func makeRegion(_ row: RegionRow, sizes: [Size]) -> Region {
        let value: Value = .members([
            "name": .string(row.name), "slug": .string(row.slug),
            "features": ["backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"],
            "available": .bool(row.available),
            "sizes": .strings(row.available ? sizes.filter { $0.regions.contains(row.slug) }.map(\.slug) : []),
        ])
        return Region(slug: row.slug, isAvailable: row.available, json: [UInt8](json: value), value: value)
    }

    // MARK: Sizes

    private typealias SizeRow = (
        slug: String, memory: Int, vcpus: Int, disk: Int, transfer: String, monthly: String, hourly: String,
        description: String
    )

    private static let sizeTable: [SizeRow] = [
        ("s-1vcpu-512mb-10gb", 512, 1, 10, "0.5", "4.0", "0.00595", "Basic"),
        ("s-1vcpu-1gb", 1_024, 1, 25, "1.0", "6.0", "0.00893", "Basic"),
        ("s-1vcpu-1gb-amd", 1_024, 1, 25, "1.0", "7.0", "0.01042", "Basic AMD"),
        ("s-1vcpu-1gb-intel", 1_024, 1, 25, "1.0", "7.0", "0.01042", "Basic Intel"),
        ("s-1vcpu-2gb", 2_048, 1, 50, "2.0", "12.0", "0.01786", "Basic"),
        ("s-1vcpu-2gb-amd", 2_048, 1, 50, "2.0", "14.0", "0.02083", "Basic AMD"),
        ("s-2vcpu-2gb", 2_048, 2, 60, "3.0", "18.0", "0.02679", "Basic"),
        ("s-2vcpu-4gb", 4_096, 2, 80, "4.0", "24.0", "0.03571", "Basic"),
        ("s-2vcpu-4gb-amd", 4_096, 2, 80, "4.0", "28.0", "0.04167", "Basic AMD"),
        ("s-2vcpu-4gb-intel", 4_096, 2, 80, "4.0", "28.0", "0.04167", "Basic Intel"),
        ("c-2", 4_096, 2, 25, "4.0", "42.0", "0.0625", "CPU-Optimized"),
        ("s-4vcpu-8gb", 8_192, 4, 160, "5.0", "48.0", "0.07143", "Basic"),
        ("s-4vcpu-8gb-amd", 8_192, 4, 160, "5.0", "56.0", "0.08333", "Basic AMD"),
        ("g-2vcpu-8gb", 8_192, 2, 25, "4.0", "63.0", "0.09375", "General Purpose"),
        ("c-4", 8_192, 4, 50, "5.0", "84.0", "0.125", "CPU-Optimized"),
        ("m-2vcpu-16gb", 16_384, 2, 50, "4.0", "84.0", "0.125", "Memory-Optimized"),
        ("s-8vcpu-16gb", 16_384, 8, 320, "6.0", "96.0", "0.14286", "Basic"),
        ("s-8vcpu-16gb-amd", 16_384, 8, 320, "6.0", "112.0", "0.16667", "Basic AMD"),
        ("g-4vcpu-16gb", 16_384, 4, 50, "5.0", "126.0", "0.1875", "General Purpose"),
        ("c-8", 16_384, 8, 100, "6.0", "168.0", "0.25", "CPU-Optimized"),
        ("m-4vcpu-32gb", 32_768, 4, 100, "6.0", "168.0", "0.25", "Memory-Optimized"),
        ("g-8vcpu-32gb", 32_768, 8, 100, "6.0", "252.0", "0.375", "General Purpose"),
    ]

    private static func makeSize(_ row: SizeRow) -> Size {
        let regions = openRegions.filter { $0 != "nyc2" || row.slug.hasPrefix("s-") }
        let value: Value = .members([
            "slug": .string(row.slug), "memory": .int(Int64(row.memory)), "vcpus": .int(Int64(row.vcpus)),
            "disk": .int(Int64(row.disk)), "transfer": .number(row.transfer), "price_monthly": .number(row.monthly),
            "price_hourly": .number(row.hourly), "regions": .strings(regions), "available": true,
            "description": .string(row.description),
            "disk_info": .list([
                .members([
                    "type": "local",
                    "size": .members(["amount": .int(Int64(row.disk)), "unit": "gib"]),
                ])
            ]),
        ])
        return Size(
            slug: row.slug, memory: row.memory, vcpus: row.vcpus, disk: row.disk, regions: regions,
            json: [UInt8](json: value), value: value)
    }

    // MARK: Images

    private typealias ImageRow = (
        id: Int, slug: String, name: String, distribution: String, application: Bool, disk: Int, gigabytes: String,
        created: String
    )

    private static let imageTable: [ImageRow] = [
        (129_211_873, "ubuntu-22-04-x64", "22.04 (LTS) x64", "Ubuntu", false, 7, "0.71", "2023-03-20T15:38:16Z"),
        (195_932_981, "ubuntu-24-04-x64", "24.04 (LTS) x64", "Ubuntu", false, 7, "0.62", "2025-05-27T14:24:02Z"),
        (186_451_301, "ubuntu-25-04-x64", "25.04 x64", "Ubuntu", false, 7, "0.68", "2025-04-18T09:12:44Z"),
        (160_232_537, "debian-11-x64", "11 x64", "Debian", false, 7, "0.41", "2024-07-08T10:42:10Z"),
        (194_764_318, "debian-12-x64", "12 x64", "Debian", false, 7, "0.47", "2025-05-20T11:05:29Z"),
        (200_113_502, "debian-13-x64", "13 x64", "Debian", false, 7, "0.49", "2025-08-14T08:31:57Z"),
        (185_524_630, "fedora-42-x64", "42 x64", "Fedora", false, 15, "0.66", "2025-04-16T18:20:41Z"),
        (165_064_169, "centos-stream-9-x64", "Stream 9 x64", "CentOS", false, 10, "1.02", "2024-08-19T12:00:08Z"),
        (167_023_184, "rockylinux-9-x64", "9 x64", "Rocky Linux", false, 10, "1.31", "2024-09-05T07:46:33Z"),
        (180_014_722, "docker-20-04", "Docker on Ubuntu 22.04", "Ubuntu", true, 25, "1.05", "2025-02-27T16:10:12Z"),
        (
            180_014_990, "postgresql-16", "PostgreSQL 16 on Ubuntu 24.04", "Ubuntu", true, 25, "0.98",
            "2025-02-27T16:32:50Z"
        ),
    ]

    private static func makeImage(_ row: ImageRow) -> Image {
        let value: Value = .members([
            "id": .int(Int64(row.id)), "name": .string(row.name), "distribution": .string(row.distribution),
            "slug": .string(row.slug), "public": true, "regions": .strings(openRegions),
            "created_at": .string(row.created), "min_disk_size": .int(Int64(row.disk)), "type": "base",
            "size_gigabytes": .number(row.gigabytes),
            "description": .string(row.application ? row.name : "\(row.distribution) \(row.name)"), "tags": [],
            "status": "available",
        ])
        return Image(
            id: row.id, slug: row.slug, isApplication: row.application, minimalDisk: row.disk,
            json: [UInt8](json: value), value: value)
    }
}

/// Database engines with their versions and plans.
enum DatabaseCatalogue {
    /// Memory decides how many connections a plan has; storage is in MiB.
    static let plans: [(slug: String, memory: Int, storage: Int)] = [
        ("db-s-1vcpu-1gb", 1, 10_240), ("db-s-1vcpu-2gb", 2, 30_720), ("db-s-2vcpu-4gb", 4, 61_440),
        ("db-s-4vcpu-8gb", 8, 143_360), ("db-s-6vcpu-16gb", 16, 296_960), ("db-s-8vcpu-32gb", 32, 614_400),
    ]

    static let versions: [(engine: String, versions: [String], port: Int)] = [
        ("pg", ["14", "15", "16", "17", "18"], 25_060), ("mysql", ["8"], 25_060), ("valkey", ["8"], 25_061),
        ("mongodb", ["7.0", "8.0"], 27_017), ("kafka", ["3.8"], 25_073), ("opensearch", ["2"], 25_060),
    ]

    static let regions = ["ams3", "blr1", "fra1", "lon1", "nyc1", "nyc3", "sfo2", "sfo3", "sgp1", "syd1", "tor1"]

    static func plan(_ slug: String) -> (slug: String, memory: Int, storage: Int)? { plans.first { $0.slug == slug } }

    static func engine(_ name: String) -> (engine: String, versions: [String], port: Int)? {
        versions.first { $0.engine == name }
    }
}
