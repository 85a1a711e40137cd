"""Titles of the works cited, by where they appeared."""

from __future__ import annotations

TITLES = {
    "Acta Metallurgica 27:1085-1095, 1979": "A Microscopic Theory for Antiphase Boundary Motion and Its "
    "Application to Antiphase Domain Coarsening",
    "Anisotropic Diffusion in Image Processing, Teubner, 1998": "Anisotropic Diffusion in Image Processing",
    "Bulletin of the Electrotechnical Laboratory 26:368-388, 1962": "Basic Theory on Normalization of Pattern",
    "Communications on Pure and Applied Mathematics 43:999-1036, 1990": "Approximation of Functionals Depending on "
    "Jumps by Elliptic Functionals via Gamma-Convergence",
    "DAGM 2010, LNCS 6376:533-542": "From Box Filtering to Fast Explicit Diffusion",
    "EMMCVPR 2013, LNCS 8081:26-39": "Linear Osmosis Models for Visual Computing",
    "GCPR 2016, LNCS 9796:348-360": "FSI Schemes: Fast Semi-Iterative Solvers for PDEs and Optimisation Methods",
    "Handbook of Numerical Analysis 1:197-462, 1990": "Splitting and Alternating Direction Methods",
    "IEEE PAMI 12:629-639, 1990": "Scale-Space and Edge Detection Using Anisotropic Diffusion",
    "IEEE PAMI 26:1020-1036, 2004": "Image Enhancement and Denoising by Complex Diffusion Processes",
    "IEEE TIP 11:689-703, 2002": "Forward-and-Backward Diffusion Processes for Adaptive Image "
    "Enhancement and Denoising",
    "IEEE TIP 11:1260-1270, 2002": "Speckle Reducing Anisotropic Diffusion",
    "IEEE TIP 15:2694-2701, 2006": "On the Estimation of the Coefficient of Variation for Anisotropic Diffusion "
    "Speckle Filtering",
    "IEEE TIP 15:2269-2280, 2006": "Estimation of Optimal PDE-Based Denoising in the SNR Sense",
    "IEEE TIP 17:1540-1554, 2008": "Monte-Carlo SURE: A Black-Box Optimization of Regularization Parameters for "
    "General Denoising Algorithms",
    "IEEE TIP 7:280-291, 1998": "Multigrid Anisotropic Diffusion",
    "IEEE TIP 7:398-410, 1998": "Efficient and Reliable Schemes for Nonlinear Diffusion Filtering",
    "IEEE TIP 7:421-432, 1998": "Robust Anisotropic Diffusion",
    "IEEE TIP 9:1723-1730, 2000": "Fourth-Order Partial Differential Equations for Noise Removal",
    "Image and Vision Computing 8:318-327, 1990": "Biased Anisotropic Diffusion: A Unified Regularization and "
    "Diffusion Approach to Edge Detection",
    "International J. of Computer Vision 31:111-127, 1999": "Coherence-Enhancing Diffusion Filtering",
    "International Journal of Computer Vision 52:189-203, 2003": "Selection of Optimal Stopping Time for Nonlinear "
    "Diffusion Filtering",
    "J. Math. Imaging and Vision 20:89-97, 2004": "An Algorithm for Total Variation Minimization and Applications",
    "J. Math. Imaging and Vision 49:123-147, 2014": "Sparse Non-Negative Stencils for Anisotropic Diffusion",
    "J. of Structural Biology 135:239-250, 2001": "Noise Reduction in Electron Tomographic Reconstructions Using "
    "Nonlinear Anisotropic Diffusion",
    "JMIV 26:85-103, 2006": "Error Analysis for Image Inpainting",
    "JMIV 35:208-226, 2009": "Properties of Higher Order Nonlinear Diffusion Filtering",
    "Journal of Differential Equations 135:238-268, 1997": "Histogram Modification via Differential Equations",
    "Prikladnaya Matematika i Mekhanika 16:67-78, 1952": "On Some Unsteady Motions of a Liquid and Gas in a Porous "
    "Medium",
    "SIAM J. Numerical Analysis 29:182-193, 1992": "Image Selective Smoothing and Edge Detection by Nonlinear "
    "Diffusion",
    "SIAM J. Numerical Analysis 29:845-866, 1992": "Image Selective Smoothing and Edge Detection by Nonlinear "
    "Diffusion. II",
    "Science 261:189-192, 1993": "Complex Patterns in a Simple System",
    "Solving ODEs I, Springer, 1993, II.4": "Solving Ordinary Differential Equations I: Nonstiff Problems",
    "Soviet Mathematics Doklady 7:414-417, 1966": "On the Solution of Functional Equations by the Method of "
    "Regularization",
    "in Visualization and Processing of Tensor Fields, 2006, 315-325": "Tensor Field Interpolation with PDEs",
    "J. Structural Biology 135:239-250, 2001": "Noise Reduction in Electron Tomographic "
    "Reconstructions Using Nonlinear Anisotropic Diffusion",
    "International J. Computer Vision 31:111-127, 1999": "Coherence-Enhancing Diffusion Filtering",
    "J. Mathematical Imaging and Vision 49:123-147, 2014": "Sparse Non-Negative Stencils for Anisotropic Diffusion",
    "Arch. Rational Mech. Anal. 123:199-257, 1993": "Axioms and Fundamental Equations of Image Processing",
    "Pattern Recognition (DAGM), LNCS 2781:1-8, 2003": "Coherence-Enhancing Shock Filters",
    "J. Mathematical Imaging and Vision 66:447-463, 2024": "Regularised Diffusion-Shock Inpainting",
    "in Proc. IEEE ICIP 1996, I:817-820": "Vector (Self) Snakes: A Geometric Framework for Color, "
    "Texture, and Multiscale Image Segmentation",
    "Graphical Models and Image Processing 58:127-141, 1996": "Image Processing: Flows "
    "under Min/Max Curvature and Mean Curvature",
    "SIAM J. Numerical Analysis 27:919-940, 1990": "Feature-Oriented Image Enhancement Using Shock Filters",
    "SIAM J. Numerical Analysis 31:590-605, 1994": "Signal and Image Restoration Using Shock "
    "Filters and Anisotropic Diffusion",
    "Physica D 60:259-268, 1992": "Nonlinear Total Variation Based Noise Removal Algorithms",
}
