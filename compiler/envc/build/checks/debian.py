"""Which Debian package brings a shared library: a table of those that images lack most often."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["packages_for"]

# Names as in Debian 12; later releases keep them, some as what a package with `t64` provides.
_PACKAGES = """
libGL.so.1 libgl1
libEGL.so.1 libegl1
libGLX.so.0 libglx0
libOpenGL.so.0 libopengl0
libGLESv2.so.2 libgles2
libGLU.so.1 libglu1-mesa
libOSMesa.so.8 libosmesa6
libvulkan.so.1 libvulkan1
libOpenCL.so.1 ocl-icd-libopencl1
libgbm.so.1 libgbm1
libdrm.so.2 libdrm2
libglib-2.0.so.0 libglib2.0-0
libgthread-2.0.so.0 libglib2.0-0
libgobject-2.0.so.0 libglib2.0-0
libgmodule-2.0.so.0 libglib2.0-0
libgio-2.0.so.0 libglib2.0-0
libX11.so.6 libx11-6
libX11-xcb.so.1 libx11-xcb1
libXext.so.6 libxext6
libXrender.so.1 libxrender1
libXi.so.6 libxi6
libXtst.so.6 libxtst6
libXcursor.so.1 libxcursor1
libXrandr.so.2 libxrandr2
libXinerama.so.1 libxinerama1
libXfixes.so.3 libxfixes3
libXcomposite.so.1 libxcomposite1
libXdamage.so.1 libxdamage1
libXss.so.1 libxss1
libXt.so.6 libxt6
libXft.so.2 libxft2
libXmu.so.6 libxmu6
libXxf86vm.so.1 libxxf86vm1
libxcb.so.1 libxcb1
libxkbcommon.so.0 libxkbcommon0
libwayland-client.so.0 libwayland-client0
libSM.so.6 libsm6
libICE.so.6 libice6
libdbus-1.so.3 libdbus-1-3
libfontconfig.so.1 libfontconfig1
libfreetype.so.6 libfreetype6
libcairo.so.2 libcairo2
libpango-1.0.so.0 libpango-1.0-0
libpangocairo-1.0.so.0 libpangocairo-1.0-0
libpangoft2-1.0.so.0 libpangoft2-1.0-0
libgdk_pixbuf-2.0.so.0 libgdk-pixbuf-2.0-0
libgtk-3.so.0 libgtk-3-0
libgdk-3.so.0 libgtk-3-0
libatk-1.0.so.0 libatk1.0-0
libatk-bridge-2.0.so.0 libatk-bridge2.0-0
libatspi.so.0 libatspi2.0-0
libcups.so.2 libcups2
libnss3.so libnss3
libnssutil3.so libnss3
libsmime3.so libnss3
libnspr4.so libnspr4
libasound.so.2 libasound2
libpulse.so.0 libpulse0
libsndfile.so.1 libsndfile1
libportaudio.so.2 libportaudio2
libjack.so.0 libjack-jackd2-0
libjpeg.so.62 libjpeg62-turbo
libpng16.so.16 libpng16-16
libtiff.so.6 libtiff6
libwebp.so.7 libwebp7
libopenjp2.so.7 libopenjp2-7
libgomp.so.1 libgomp1
libgfortran.so.5 libgfortran5
libquadmath.so.0 libquadmath0
libstdc++.so.6 libstdc++6
libgcc_s.so.1 libgcc-s1
libatomic.so.1 libatomic1
libc++.so.1 libc++1
libomp.so.5 libomp5
libtbb.so.12 libtbb12
libnuma.so.1 libnuma1
libibverbs.so.1 libibverbs1
librdmacm.so.1 librdmacm1
libmpi.so.40 libopenmpi3
libopenblas.so.0 libopenblas0
libblas.so.3 libblas3
liblapack.so.3 liblapack3
libfftw3.so.3 libfftw3-double3
libgmp.so.10 libgmp10
libmpfr.so.6 libmpfr6
libgsl.so.27 libgsl27
libhdf5.so.103 libhdf5-103
libnetcdf.so.19 libnetcdf19
libgeos_c.so.1 libgeos-c1v5
libproj.so.25 libproj25
libgdal.so.32 libgdal32
libspatialindex.so.6 libspatialindex6
libpq.so.5 libpq5
libmariadb.so.3 libmariadb3
libodbc.so.2 libodbc2
libsqlite3.so.0 libsqlite3-0
libaio.so.1 libaio1
libz.so.1 zlib1g
libbz2.so.1.0 libbz2-1.0
liblzma.so.5 liblzma5
libzstd.so.1 libzstd1
liblz4.so.1 liblz4-1
libsnappy.so.1 libsnappy1v5
libarchive.so.13 libarchive13
libffi.so.8 libffi8
libexpat.so.1 libexpat1
libuuid.so.1 libuuid1
libreadline.so.8 libreadline8
libncursesw.so.6 libncursesw6
libtinfo.so.6 libtinfo6
libtcl8.6.so libtcl8.6
libtk8.6.so libtk8.6
libssl.so.3 libssl3
libcrypto.so.3 libssl3
libsodium.so.23 libsodium23
libcurl.so.4 libcurl4
libcurl-gnutls.so.4 libcurl3-gnutls
libldap-2.5.so.0 libldap-2.5-0
libsasl2.so.2 libsasl2-2
libkrb5.so.3 libkrb5-3
libgssapi_krb5.so.2 libgssapi-krb5-2
libcrypt.so.1 libcrypt1
libxml2.so.2 libxml2
libxslt.so.1 libxslt1.1
libxmlsec1.so.1 libxmlsec1
libyaml-0.so.2 libyaml-0-2
libzmq.so.5 libzmq5
libmagic.so.1 libmagic1
libenchant-2.so.2 libenchant-2-2
libusb-1.0.so.0 libusb-1.0-0
libudev.so.1 libudev1
libsystemd.so.0 libsystemd0
libfuse.so.2 libfuse2
libcap.so.2 libcap2
libtcmalloc.so.4 libtcmalloc-minimal4
libjemalloc.so.2 libjemalloc2
libavcodec.so.59 libavcodec59
libavformat.so.59 libavformat59
libavutil.so.57 libavutil57
libswscale.so.6 libswscale6
libtesseract.so.5 libtesseract5
libpoppler.so.126 libpoppler126
libjvm.so default-jre-headless
"""


def packages_for(libraries: Iterable[str]) -> tuple[str, ...]:
    """Return the Debian packages that bring libraries, sorted; of those that are not known, none.

    >>> packages_for(["libGL.so.1", "libgthread-2.0.so.0", "libnosuch.so"])
    ('libgl1', 'libglib2.0-0')
    """
    known = dict(line.split() for line in _PACKAGES.strip().splitlines())
    return tuple(sorted({known[name] for name in libraries if name in known}))
