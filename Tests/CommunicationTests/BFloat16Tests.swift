import Testing

@testable import Communication

/// Numbers of half the size.
@Suite struct BFloat16Tests {
    private func rounded(_ value: Float) -> Float {
        var (value, narrow, wide) = (value, UInt16(0), Float(0))
        BFloat16.narrow(&value, into: &narrow, count: 1)
        BFloat16.widen(&narrow, into: &wide, count: 1)
        return wide
    }

    @Test func nearestWithTiesToEven() {
        #expect(rounded(1) == 1 && rounded(-0.5) == -0.5 && rounded(0) == 0)
        // Between 1 and the next number, 1 + 2^-7.
        #expect(rounded(1 + 0x1p-9) == 1 && rounded(1 + 0x1.8p-8) == 1 + 0x1p-7)
        #expect(rounded(1 + 0x1p-8) == 1 && rounded(1 + 0x1.8p-7) == 1 + 0x1p-6)
        #expect(rounded(Float.greatestFiniteMagnitude) == .infinity)
    }

    @Test func whatIsNoNumberStaysSo() {
        #expect(rounded(.infinity) == .infinity && rounded(-.infinity) == -.infinity)
        #expect(rounded(.nan).isNaN && rounded(Float(bitPattern: 0x7f80_0001)).isNaN)
        #expect(rounded(Float(bitPattern: 0x7fff_ffff)).isNaN)
    }
}
